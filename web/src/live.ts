/** Answers that follow the mesh: one event stream a page, and a hook that asks again when what it shows has changed. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Problem, get } from "./api.ts";

export type Section = "mesh" | "overview" | "graph" | "workloads" | "services" | "certificates" | "objects";
export const SECTIONS: readonly Section[] = ["mesh", "overview", "graph", "workloads", "services", "certificates", "objects"];

type Listener = (sections: readonly Section[]) => void;

/** Whether the event stream is open, and since when it is not. */
export interface Connection {
  open: boolean;
  since: number;
  lastChange: number;
}

class Stream {
  #source: EventSource | null = null;
  #url = "";
  #listeners = new Set<Listener>();
  #watchers = new Set<() => void>();
  state: Connection = { open: false, since: Date.now(), lastChange: Date.now() };

  follow(url: string): void {
    if (url === this.#url) return;
    this.#url = url;
    this.#source?.close();
    const source = new EventSource(url);
    this.#source = source;
    let broken = false;
    source.onopen = () => {
      this.#set({ ...this.state, open: true, since: Date.now() });
      if (broken) this.#tell(SECTIONS); // whatever happened meanwhile was not told
      broken = false;
    };
    source.onerror = () => {
      broken = true;
      if (this.state.open) this.#set({ ...this.state, open: false, since: Date.now() });
      if (source.readyState === EventSource.CLOSED) this.#again(url);
    };
    source.addEventListener("changed", (event) => {
      const said = JSON.parse((event as MessageEvent<string>).data) as { sections: Section[] };
      this.#set({ ...this.state, lastChange: Date.now() });
      this.#tell(said.sections);
    });
  }

  stop(): void {
    this.#source?.close();
    this.#source = null;
    this.#url = "";
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** A browser gives up on a stream that was answered with an error; the mesh may just be starting again. */
  #again(url: string): void {
    window.setTimeout(() => {
      if (this.#url !== url) return;
      this.#url = "";
      this.#tell(SECTIONS);
      this.follow(url);
    }, 2000);
  }

  #set(state: Connection): void {
    this.state = state;
    for (const watcher of this.#watchers) watcher();
  }

  #tell(sections: readonly Section[]): void {
    for (const listener of this.#listeners) listener(sections);
  }
}

export const stream = new Stream();

/** Whether what is shown follows the mesh. */
export function useConnection(): Connection {
  return useSyncExternalStore(stream.watch, () => stream.state);
}

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  again: () => void;
}

/** The answer of `path` (null: ask nothing), asked again when one of `sections` changed. An old answer stays while a new one is asked for. */
export function useLive<T>(path: string | null, ...sections: Section[]): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null }>({ path: null, data: null, problem: null });
  const asking = useRef<AbortController | null>(null);
  const pending = useRef(false);
  const wanted = sections.join();

  const again = useCallback(() => {
    if (path === null) return;
    if (asking.current) {
      pending.current = true; // one question at a time; what changed since is asked for when it is answered
      return;
    }
    const controller = new AbortController();
    asking.current = controller;
    get<T>(path, controller.signal)
      .then((data) => setState({ path, data, problem: null }))
      .catch((problem: unknown) => {
        if (problem instanceof Problem) setState((before) => ({ path, data: before.path === path ? before.data : null, problem }));
      })
      .finally(() => {
        if (asking.current !== controller) return;
        asking.current = null;
        if (pending.current) {
          pending.current = false;
          again();
        }
      });
  }, [path]);

  useEffect(() => {
    again();
    const stop = stream.listen((changed) => {
      if (changed.some((section) => wanted.includes(section))) again();
    });
    return () => {
      stop();
      asking.current?.abort();
      asking.current = null;
      pending.current = false;
    };
  }, [again, wanted]);

  const current = state.path === path;
  return { data: current ? state.data : null, problem: current ? state.problem : null, again };
}
