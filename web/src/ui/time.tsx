/** A time of day and its age, side by side; the age goes on by itself. */
import { useSyncExternalStore } from "react";
import { clock, distance } from "../format.ts";

const watchers = new Set<() => void>();
let now = Date.now();
let timer = 0;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (watchers.size === 1) {
    timer = window.setInterval(() => {
      now = Date.now();
      for (const each of watchers) each();
    }, 1000);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) window.clearInterval(timer);
  };
}

/** The time, a second exact; one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

export function Time({ at }: { at: string | null | undefined }) {
  const current = useNow();
  if (!at) return <>–</>;
  const moment = Date.parse(at);
  return (
    <time dateTime={at} title={at} className="hb-time">
      <span className="hb-moment">{clock(moment, current)}</span> <span className="hb-age">({distance(moment, current)})</span>
    </time>
  );
}
