/** Who is looking: spends the one-time token of the address, and says what to do where there is no session. */
import { type ReactNode, useEffect, useState } from "react";
import { Problem, get, login } from "./api.ts";
import { EmptyState } from "./ui/states.tsx";

type State = { step: "asking" } | { step: "in" } | { step: "out"; problem: Problem };

/** The token of `#token=...`; it is taken out of the address at once, so that no history or screenshot keeps it. */
function takeToken(): string {
  const token = /^#token=(.+)$/.exec(window.location.hash)?.[1] ?? "";
  if (token) window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return decodeURIComponent(token);
}

const token = takeToken();
const entering: Promise<void> = (token ? login(token) : Promise.resolve()).then(() => get("/api/session")).then(() => undefined);

export function Session({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ step: "asking" });
  useEffect(() => {
    entering
      .catch((problem: unknown) => {
        // A token works once; who opens the same address again may well have a session already.
        if (token) return get("/api/session").catch(() => Promise.reject(problem));
        return Promise.reject(problem);
      })
      .then(() => setState({ step: "in" }))
      .catch((problem: unknown) => setState({ step: "out", problem: problem instanceof Problem ? problem : new Problem(String(problem), 0) }));
  }, []);
  if (state.step === "asking") return null;
  if (state.step === "in") return children;
  const known = state.problem.status === 401;
  return (
    <main className="hb-alone">
      <EmptyState icon="lockOpen" title={known ? "You are not logged in" : "The dashboard cannot be shown"} level={1}>
        <p>{state.problem.message}</p>
        <p>{state.problem.how || (known ? "This prints a new address, which logs you in once:" : "")}</p>
        {known && <pre className="hb-command">hauberk dashboard --url</pre>}
      </EmptyState>
    </main>
  );
}
