/** PatternFly's components as thin elements: cards, labels, tables, description lists, controls. */
import { type ReactNode, useId } from "react";
import type { FindingCount, Ref, SyncState } from "../api.ts";
import { plural } from "../format.ts";
import { Link, pathOfObject } from "../router.tsx";
import { Icon, type IconName } from "./icons.tsx";

export function Card({ title, actions, children, label }: { title: ReactNode; actions?: ReactNode; children: ReactNode; label?: string }) {
  const id = useId();
  return (
    <section className="pf-v6-c-card" aria-labelledby={label ? undefined : id} aria-label={label}>
      <div className="pf-v6-c-card__header">
        <div className="pf-v6-c-card__header-main"><h2 className="pf-v6-c-card__title-text" id={id}>{title}</h2></div>
        {actions && <div className="pf-v6-c-card__actions">{actions}</div>}
      </div>
      <div className="pf-v6-c-card__body">{children}</div>
    </section>
  );
}

export type Tone = "green" | "orange" | "red" | "blue" | "grey" | "teal" | "yellow";

export function Label({ tone, icon, children }: { tone: Tone; icon?: IconName; children: ReactNode }) {
  return (
    <span className={`pf-v6-c-label pf-m-compact ${tone === "grey" ? "" : `pf-m-${tone}`}`}>
      <span className="pf-v6-c-label__content">
        {icon && <span className="pf-v6-c-label__icon"><Icon name={icon} /></span>}
        <span className="pf-v6-c-label__text">{children}</span>
      </span>
    </span>
  );
}

const MODES: Record<string, [Tone, IconName]> = {
  STRICT: ["green", "lock"],
  PERMISSIVE: ["orange", "lockOpen"],
  DISABLE: ["red", "none"],
  DISABLED: ["red", "none"],
  PARTIAL: ["orange", "lockOpen"],
};

/** A mode of mTLS by its word; its sign and colour say the same again. */
export function Mode({ mode }: { mode: string | null | undefined }) {
  if (!mode) return <Label tone="grey" icon="none">no sidecar</Label>;
  const [tone, icon] = MODES[mode] ?? ["grey", "info"];
  return <Label tone={tone} icon={icon}>{mode}</Label>;
}

const SYNC: Record<SyncState, [Tone, IconName, string]> = {
  synced: ["green", "check", "synced"],
  stale: ["orange", "warning", "stale"],
  nack: ["red", "error", "refused (NACK)"],
  notSent: ["grey", "none", "nothing sent"],
};

export function Sync({ state }: { state: SyncState | null | undefined }) {
  if (!state) return <>–</>;
  const [tone, icon, word] = SYNC[state] ?? ["grey", "info", state];
  return <Label tone={tone} icon={icon}>{word}</Label>;
}

export function FindingCounts({ of }: { of: FindingCount | undefined }) {
  if (!of || of.error + of.warning === 0) return <span className="hb-muted">none</span>;
  return (
    <span className="hb-row">
      {of.error > 0 && <Label tone="red" icon="error">{plural(of.error, "error")}</Label>}
      {of.warning > 0 && <Label tone="orange" icon="warning">{plural(of.warning, "warning")}</Label>}
    </span>
  );
}

/** An object by kind and name, as a link to its page. */
export function RefLink({ of }: { of: Ref | null | undefined }) {
  if (!of?.name) return <span className="hb-muted">no object: the default</span>;
  return (
    <Link to={pathOfObject(of)}>
      {of.kind} {of.namespace && `${of.namespace}/`}{of.name}
    </Link>
  );
}

export interface Column<T> {
  head: string;
  /** Read by screen readers where `head` would be too short; also what a phone shows before the value. */
  cell: (row: T) => ReactNode;
  narrow?: boolean;
}

export function Table<T>({ caption, columns, rows, keyOf, empty, hideCaption = true, rowClass, sheet = false }: {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  empty: ReactNode;
  hideCaption?: boolean;
  rowClass?: (row: T) => string;
  sheet?: boolean;
}) {
  if (rows.length === 0) return <p className="hb-muted">{empty}</p>;
  // PatternFly lays a table out as a grid where it is narrow, and that takes a table's roles away: so they are said.
  return (
    <div className={`hb-scroll ${sheet ? "hb-sheet" : ""}`}>
      <table className="pf-v6-c-table pf-m-grid-md pf-m-compact" role="table">
        <caption className={hideCaption ? "pf-v6-screen-reader" : "pf-v6-c-table__caption"}>{caption}</caption>
        <thead className="pf-v6-c-table__thead" role="rowgroup">
          <tr className="pf-v6-c-table__tr" role="row">
            {columns.map((column) => (
              <th key={column.head} className={`pf-v6-c-table__th ${column.narrow ? "pf-m-fit-content" : ""}`} role="columnheader" scope="col">{column.head}</th>
            ))}
          </tr>
        </thead>
        <tbody className="pf-v6-c-table__tbody" role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} className={`pf-v6-c-table__tr ${rowClass?.(row) ?? ""}`} role="row">
              {columns.map((column) => (
                <td key={column.head} className="pf-v6-c-table__td" role="cell" data-label={column.head}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="pf-v6-c-description-list pf-m-horizontal pf-m-compact hb-facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="pf-v6-c-description-list__group">
      <dt className="pf-v6-c-description-list__term"><span className="pf-v6-c-description-list__text">{name}</span></dt>
      <dd className="pf-v6-c-description-list__description"><div className="pf-v6-c-description-list__text">{children}</div></dd>
    </div>
  );
}

export function Select({ label, value, options, onChange }: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}) {
  return (
    <label className="hb-control">
      <span className="hb-control-label">{label}</span>
      <span className="pf-v6-c-form-control">
        <select value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
        </select>
        <span className="pf-v6-c-form-control__utilities"><span className="pf-v6-c-form-control__toggle-icon"><Icon name="down" /></span></span>
      </span>
    </label>
  );
}

export function TextInput({ label, value, onChange, placeholder, problem, list }: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  problem?: string | null;
  list?: readonly string[];
}) {
  const id = useId();
  return (
    <span className="hb-control">
      <label className="hb-control-label" htmlFor={id}>{label}</label>
      <span className={`pf-v6-c-form-control ${problem ? "pf-m-error" : ""}`}>
        <input
          id={id}
          type="text"
          value={value}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          list={list ? `${id}-list` : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      </span>
      {list && <datalist id={`${id}-list`}>{list.map((one) => <option key={one} value={one} />)}</datalist>}
      {problem && <span className="hb-problem" id={`${id}-problem`} role="alert">{problem}</span>}
    </span>
  );
}

export function Button({ children, onClick, kind = "secondary", icon, label, pressed, expanded, controls }: {
  children?: ReactNode;
  onClick: () => void;
  kind?: "secondary" | "plain" | "link" | "primary";
  icon?: IconName;
  label?: string;
  pressed?: boolean;
  expanded?: boolean;
  controls?: string;
}) {
  return (
    <button
      type="button"
      className={`pf-v6-c-button pf-m-${kind} ${kind === "link" ? "pf-m-inline" : "pf-m-small"} ${pressed ? "hb-pressed" : ""}`}
      onClick={onClick}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-controls={controls}
    >
      {icon && <span className="pf-v6-c-button__icon"><Icon name={icon} /></span>}
      {children && <span className="pf-v6-c-button__text">{children}</span>}
    </button>
  );
}
