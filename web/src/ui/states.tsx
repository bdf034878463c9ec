/** What a page says instead of, or beside, its facts: nothing there, still asking, in part missing, not to be had. */
import type { ReactNode } from "react";
import type { Missing, Problem } from "../api.ts";
import { Icon, type IconName } from "./icons.tsx";

type Level = 1 | 2 | 3;

export function EmptyState({ icon, title, level = 2, children }: { icon: IconName; title: string; level?: Level; children?: ReactNode }) {
  const Heading = `h${level}` as const;
  return (
    <div className="pf-v6-c-empty-state">
      <div className="pf-v6-c-empty-state__content">
        <div className="pf-v6-c-empty-state__header">
          <div className="pf-v6-c-empty-state__icon"><Icon name={icon} large /></div>
          <div className="pf-v6-c-empty-state__title"><Heading className="pf-v6-c-empty-state__title-text">{title}</Heading></div>
        </div>
        <div className="pf-v6-c-empty-state__body hb-stack">{children}</div>
      </div>
    </div>
  );
}

export type Severity = "danger" | "warning" | "info" | "success";
const ICON: Record<Severity, IconName> = { danger: "error", warning: "warning", info: "info", success: "check" };
const WORD: Record<Severity, string> = { danger: "Error", warning: "Warning", info: "Note", success: "Good" };

export function Alert({ severity, title, children }: { severity: Severity; title: ReactNode; children?: ReactNode }) {
  return (
    <div className={`pf-v6-c-alert pf-m-inline pf-m-${severity}`}>
      <div className="pf-v6-c-alert__icon"><Icon name={ICON[severity]} /></div>
      <p className="pf-v6-c-alert__title"><span className="pf-v6-screen-reader">{WORD[severity]}: </span>{title}</p>
      {children && <div className="pf-v6-c-alert__description">{children}</div>}
    </div>
  );
}

/** What could not be read, why, and how to mend it: said on the page, since a gap that is not named reads as "nothing there". */
export function MissingNote({ missing }: { missing: Missing[] | undefined }) {
  if (!missing?.length) return null;
  return (
    <Alert severity="warning" title="Part of what this page shows is missing">
      <ul className="hb-list">
        {missing.map((one) => (
          <li key={`${one.what} ${one.why}`}>{one.what}: {one.why} {one.how}</li>
        ))}
      </ul>
    </Alert>
  );
}

export function ProblemNote({ problem }: { problem: Problem }) {
  return (
    <Alert severity="danger" title={problem.message}>
      {problem.how && <p>{problem.how}</p>}
    </Alert>
  );
}

/** The part of a page that depends on an answer: waits for it, says what went wrong, keeps an old answer with a word that it is old. */
export function Awaited<T extends { missing?: Missing[] }>({
  of,
  children,
}: {
  of: { data: T | null; problem: Problem | null };
  children: (data: T) => ReactNode;
}) {
  return (
    <div className="hb-stack">
      {of.problem && <ProblemNote problem={of.problem} />}
      {of.data && <MissingNote missing={of.data.missing} />}
      {of.data ? children(of.data) : !of.problem && <p className="hb-muted">Asking the mesh …</p>}
    </div>
  );
}
