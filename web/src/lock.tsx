/** The lock: is this whole mesh mTLS, and if not, what says otherwise. */
import { useEffect, useId, useRef, useState } from "react";
import type { Deviation, Lock, LockState, Mesh } from "./api.ts";
import { Link } from "./router.tsx";
import { announce } from "./ui/announce.tsx";
import { Icon, type IconName } from "./ui/icons.tsx";
import { Button, Fact, Facts, Mode, RefLink } from "./ui/parts.tsx";

const SIGN: Record<LockState, IconName> = { full: "lock", open: "lockOpen", none: "none", warning: "warning" };
const MEANING: Record<LockState, string> = {
  full: "locked: everything in this mesh uses mTLS",
  open: "open: not everything must use mTLS",
  none: "no mTLS",
  warning: "warning: policy says one thing, traffic another",
};

export function LockButton({ mesh, named }: { mesh: Mesh; named: boolean }) {
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const { lock } = mesh;
  useAnnounced(mesh);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: MouseEvent | FocusEvent): void => {
      if (!around.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("mousedown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("mousedown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div ref={around} className="hb-lock">
      <button
        ref={button}
        type="button"
        className={`pf-v6-c-button pf-m-control hb-lock-button hb-lock-${lock.state}`}
        aria-label={`mTLS status of mesh ${mesh.namespace}/${mesh.name}: ${lock.word}, ${MEANING[lock.state]}`}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={SIGN[lock.state]} />
        <span className="hb-lock-word">{lock.word}</span>
        {named && <span className="hb-lock-mesh">{mesh.namespace}</span>}
      </button>
      {open && <Reason id={id} mesh={mesh} onClose={() => { setOpen(false); button.current?.focus(); }} />}
    </div>
  );
}

/** Read the lock's change out, but not its first state. */
function useAnnounced(mesh: Mesh): void {
  const before = useRef<Lock | null>(null);
  const { lock } = mesh;
  useEffect(() => {
    if (before.current && (before.current.word !== lock.word || before.current.state !== lock.state)) {
      announce(`mTLS status of mesh ${mesh.namespace}/${mesh.name} is now ${lock.word}, ${MEANING[lock.state]}`);
    }
    before.current = lock;
  }, [lock, mesh.name, mesh.namespace]);
}

function Reason({ id, mesh, onClose }: { id: string; mesh: Mesh; onClose: () => void }) {
  const { lock } = mesh;
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <div ref={panel} id={id} className="hb-popover" role="dialog" aria-label={`Why mesh ${mesh.namespace}/${mesh.name} is ${lock.word}`} tabIndex={-1}>
      <div className="hb-popover-head">
        <h2><Icon name={SIGN[lock.state]} /> {lock.word}: mesh {mesh.namespace}/{mesh.name}</h2>
        <Button kind="plain" icon="close" label="Close" onClick={onClose} />
      </div>
      <p>{lock.summary}</p>
      {lock.contradictions.length > 0 && (
        <div>
          <h3>Policy and traffic disagree</h3>
          <ul className="hb-list">
            {lock.contradictions.map((one) => (
              <li key={`${one.edge ?? ""} ${one.sentence}`}>
                {one.sentence} {one.object && <RefLink of={one.object} />}
                {one.edge && <> <Link to={`/graph?edge=${encodeURIComponent(one.edge)}`}>Show in the graph</Link></>}
              </li>
            ))}
          </ul>
        </div>
      )}
      {lock.deviations.length > 0 && (
        <div>
          <h3>What differs from the mesh</h3>
          <ul className="hb-list">{lock.deviations.map((one) => <DeviationLine key={`${one.namespace}/${one.name ?? ""}/${one.port ?? ""}`} of={one} />)}</ul>
        </div>
      )}
      <Facts>
        <Fact name="Decided by"><RefLink of={lock.decidedBy} /></Fact>
        <Fact name="Clients">{lock.autoMtls ? "use mTLS by themselves where the server can (auto mTLS)" : "use mTLS only where a DestinationRule says so"}</Fact>
        <Fact name="Kiali would say"><code>{lock.kiali}</code></Fact>
      </Facts>
    </div>
  );
}

function DeviationLine({ of }: { of: Deviation }) {
  return (
    <li>
      <Mode mode={of.mode} /> {of.sentence} {of.decidedBy && <RefLink of={of.decidedBy} />}
    </li>
  );
}
