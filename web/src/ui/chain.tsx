/** A certificate chain as a tree, the root at the top, each with the time that is left. */
import type { Certificate } from "../api.ts";
import { Label } from "./parts.tsx";
import { Time } from "./time.tsx";
import { plural } from "../format.ts";

/** `chain` is leaf first, as it is served. */
export function ChainTree({ chain }: { chain: Certificate[] }) {
  const [top, ...below] = [...chain].reverse();
  if (!top) return <p className="hb-muted">The chain is empty.</p>;
  return <ul className="hb-tree" role="list"><Branch of={top} below={below} /></ul>;
}

function Branch({ of, below }: { of: Certificate; below: Certificate[] }) {
  const [next, ...rest] = below;
  return (
    <li>
      <CertificateFacts of={of} />
      {next && <ul className="hb-tree" role="list"><Branch of={next} below={rest} /></ul>}
    </li>
  );
}

function CertificateFacts({ of }: { of: Certificate }) {
  return (
    <div className="hb-certificate">
      <div className="hb-row">
        <strong className="hb-break">{of.spiffeId ?? of.subject ?? "no name"}</strong>
        <Label tone={of.isCa ? "blue" : "grey"}>{of.isCa ? (of.subject === of.issuer ? "root" : "CA") : "leaf"}</Label>
        <DaysLeft days={of.daysLeft} />
      </div>
      <div className="hb-muted">{of.key} · until <Time at={of.notAfter} /></div>
      <details>
        <summary>Serial, issuer, fingerprint</summary>
        <dl className="hb-small">
          <dt>Serial</dt><dd><code className="hb-break">{of.serial}</code></dd>
          <dt>Issuer</dt><dd className="hb-break">{of.issuer}</dd>
          <dt>From</dt><dd><Time at={of.notBefore} /></dd>
          <dt>SHA-256</dt><dd><code className="hb-break">{of.fingerprint}</code></dd>
        </dl>
      </details>
    </div>
  );
}

export function DaysLeft({ days }: { days: number }) {
  if (days < 0) return <Label tone="red" icon="error">expired</Label>;
  const whole = Math.floor(days);
  return <Label tone={days < 0.1 ? "red" : days < 30 && whole > 1 ? "green" : "green"}>{whole === 0 ? "less than a day left" : `${plural(whole, "day")} left`}</Label>;
}
