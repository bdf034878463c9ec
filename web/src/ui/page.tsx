/** The frame of one page: its title (which takes the focus when one comes to it), where one is, and how old the facts are. */
import { type ReactNode, useEffect, useRef } from "react";
import { useConnection } from "../live.ts";
import { Link } from "../router.tsx";
import { clock, distance } from "../format.ts";
import { Alert } from "./states.tsx";
import { useNow } from "./time.tsx";

let arrived = false;

export function Page({ title, trail = [], tools, wide = false, children }: {
  title: string;
  trail?: [text: string, to: string][];
  tools?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Hauberk`;
    if (arrived) heading.current?.focus(); // not at the first page: there, reading begins at the top
    arrived = true;
  }, [title]);
  return (
    <section className={`pf-v6-c-page__main-section ${wide ? "hb-wide" : ""}`}>
      <div className="pf-v6-c-page__main-body hb-stack">
        {trail.length > 0 && (
          <nav className="pf-v6-c-breadcrumb" aria-label="You are here">
            <ol className="pf-v6-c-breadcrumb__list" role="list">
              {trail.map(([text, to]) => (
                <li key={to} className="pf-v6-c-breadcrumb__item"><Link className="pf-v6-c-breadcrumb__link" to={to}>{text}</Link></li>
              ))}
            </ol>
          </nav>
        )}
        <div className="hb-head">
          <h1 ref={heading} tabIndex={-1}>{title}</h1>
          <div className="hb-tools">{tools}</div>
          <Freshness />
        </div>
        <Lost />
        {children}
      </div>
    </section>
  );
}

function Freshness() {
  const { open, lastChange } = useConnection();
  const now = useNow();
  if (!open) return <span className="hb-muted">Not live</span>;
  return <span className="hb-muted">Live; last change {clock(lastChange, now)} ({distance(lastChange, now)})</span>;
}

/** A page that has lost its server must not look as if it knew. Two seconds' grace: a restart is no news. */
function Lost() {
  const { open, since } = useConnection();
  const now = useNow();
  if (open || now - since < 2000) return null;
  return (
    <Alert severity="warning" title={`Old data: not connected to the mesh since ${clock(since, now)} (${distance(since, now)})`}>
      <p>What you see is from before. Is the mesh up? <code>hauberk status</code> tells. This page tries again by itself.</p>
    </Alert>
  );
}
