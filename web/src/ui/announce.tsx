/** Says changes to who cannot see them: one polite live region for the whole page. */
import { useSyncExternalStore } from "react";

let said = "";
const watchers = new Set<() => void>();

/** Have `text` read out when the reader pauses. */
export function announce(text: string): void {
  said = text === said ? `${text}\u00a0` : text; // the same words twice are otherwise not read again
  for (const watcher of watchers) watcher();
}

export function Announcer() {
  const text = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => said,
  );
  return <div className="pf-v6-screen-reader" role="status" aria-live="polite">{text}</div>;
}
