/** Addresses of pages: the browser's own history, and links that are links. */
import { type AnchorHTMLAttributes, type MouseEvent, useCallback, useSyncExternalStore } from "react";
import type { Ref } from "./api.ts";

const watchers = new Set<() => void>();
const tellAll = (): void => {
  for (const watcher of watchers) watcher();
};
window.addEventListener("popstate", tellAll);

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Go to `address`; with `replace`, the page before does not stay in the history. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, "", address);
  else window.history.pushState(null, "", address);
  tellAll();
}

/** The path, in its decoded parts. */
export function usePath(): string[] {
  const path = useSyncExternalStore(watch, () => window.location.pathname);
  return path.split("/").filter(Boolean).map(decodeURIComponent);
}

/** One parameter of the address, and how to set it (empty: remove). */
export function useParameter(name: string, otherwise = ""): [string, (value: string) => void] {
  const search = useSyncExternalStore(watch, () => window.location.search);
  const value = new URLSearchParams(search).get(name) ?? otherwise;
  const set = useCallback(
    (to: string) => {
      const parameters = new URLSearchParams(window.location.search);
      if (to && to !== otherwise) parameters.set(name, to);
      else parameters.delete(name);
      go(`${window.location.pathname}${asQuery(parameters)}`, { replace: true });
    },
    [name, otherwise],
  );
  return [value, set];
}

/** `path` with the chosen mesh and window kept, so that a link does not lose them. */
export function keeping(path: string): string {
  const now = new URLSearchParams(window.location.search);
  const [bare = "", query = ""] = path.split("?");
  const parameters = new URLSearchParams(query);
  for (const name of ["mesh", "window"]) {
    const value = now.get(name);
    if (value && !parameters.has(name)) parameters.set(name, value);
  }
  return `${bare}${asQuery(parameters)}`;
}

function asQuery(parameters: URLSearchParams): string {
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const address = keeping(to);
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(address);
  };
  return <a href={address} onClick={follow} {...rest} />;
}

export const pathOfWorkload = (namespace: string, name: string): string => `/workloads/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
export const pathOfService = (namespace: string, name: string): string => `/services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;

/** The page of an object; `-` stands for a namespace that a cluster-wide object has not. */
export function pathOfObject(ref: Ref): string {
  return `/objects/${[ref.group || "core", ref.version, ref.plural, ref.namespace || "-", ref.name].map(encodeURIComponent).join("/")}`;
}
