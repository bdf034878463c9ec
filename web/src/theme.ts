/** Light or dark: the system's choice until the reader makes one, which this browser keeps. */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "hauberk-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set<() => void>();

function chosen(): Theme | null {
  const kept = window.localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : null;
}

function current(): Theme {
  return chosen() ?? (system.matches ? "dark" : "light");
}

function show(): void {
  document.documentElement.classList.toggle("pf-v6-theme-dark", current() === "dark");
  for (const watcher of watchers) watcher();
}

export function beginTheme(): void {
  system.addEventListener("change", show);
  show();
}

export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    current,
  );
  const toggle = (): void => {
    const next: Theme = theme === "dark" ? "light" : "dark";
    // Back to what the system says: then nothing is kept, and the page follows the system again.
    if (next === (system.matches ? "dark" : "light")) window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, next);
    show();
  };
  return [theme, toggle];
}
