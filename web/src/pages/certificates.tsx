/** The mesh's authority, and every leaf with its expiry on one time line. */
import type { Certificates, Leaf } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { plural, shortIdentity } from "../format.ts";
import { useLive } from "../live.ts";
import { Link, pathOfWorkload } from "../router.tsx";
import { ChainTree } from "../ui/chain.tsx";
import { Page } from "../ui/page.tsx";
import { Card, Fact, Facts, Label, Table } from "../ui/parts.tsx";
import { Alert, Awaited } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";

export function CertificatesPage({ mesh }: PlaceProps) {
  const certificates = useLive<Certificates>(`/api/certificates?${new URLSearchParams({ mesh })}`, "certificates");
  return (
    <Page title="Certificates">
      <Awaited of={certificates}>{(data) => <Authority of={data} />}</Awaited>
    </Page>
  );
}

function Authority({ of }: { of: Certificates }) {
  const moved = of.leaves.filter((leaf) => leaf.fromCurrentIssuer).length;
  const chain = of.issuer && !of.root.some((root) => root.fingerprint === of.issuer?.fingerprint) ? [of.issuer] : [];
  return (
    <>
      {of.rotation && (
        <Alert severity="info" title={`A rotation is under way: ${of.rotation.step}`}>
          <p>{of.rotation.sentence} {of.rotation.waitingFor > 0 && `${plural(of.rotation.waitingFor, "certificate")} still to move.`}</p>
        </Alert>
      )}
      <Card title="Authority">
        <div className="hb-stack">
          <Facts>
            <Fact name="Where it comes from"><Label tone="blue">{of.source === "pluggedIn" ? "plugged in" : "self-signed"}</Label> {of.sourceSentence}</Fact>
            {of.secret && <Fact name="Secret">{of.secret.namespace}/{of.secret.name}</Fact>}
            <Fact name="Leaves">{moved === of.leaves.length ? `all ${moved} are from this issuer` : `${moved} of ${of.leaves.length} are from this issuer`}</Fact>
          </Facts>
          {of.root.map((root) => <ChainTree key={root.fingerprint} chain={[...chain, root]} />)}
        </div>
      </Card>
      <Card title="Leaves on one time line">
        <Leaves leaves={of.leaves} />
      </Card>
    </>
  );
}

function Leaves({ leaves }: { leaves: Leaf[] }) {
  const now = useNow();
  const begin = Math.min(now, ...leaves.map((leaf) => Date.parse(leaf.notBefore)));
  const end = Math.max(now, ...leaves.map((leaf) => Date.parse(leaf.notAfter)));
  const at = (moment: number): number => ((moment - begin) / Math.max(1, end - begin)) * 100;
  const sorted = [...leaves].sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
  return (
    <Table
      caption="Certificates of all workloads, the next to expire first"
      columns={[
        { head: "Workload", cell: (one) => <Link to={pathOfWorkload(one.namespace, one.workload)}>{one.namespace}/{one.workload}</Link> },
        { head: "Identity", cell: (one) => <span title={one.identity}>{shortIdentity(one.identity)}</span> },
        { head: "Issuer", cell: (one) => (one.fromCurrentIssuer ? <Label tone="green" icon="check">current issuer</Label> : <Label tone="orange" icon="warning">earlier issuer: {one.issuer}</Label>) },
        { head: "Until", cell: (one) => <Time at={one.notAfter} /> },
        {
          head: "Life, and now",
          cell: (one) => (
            <span className="hb-life" aria-hidden="true" title={`${one.pod}: ${one.notBefore} to ${one.notAfter}`}>
              <span className="hb-life-span" style={{ insetInlineStart: `${at(Date.parse(one.notBefore))}%`, inlineSize: `${at(Date.parse(one.notAfter)) - at(Date.parse(one.notBefore))}%` }} />
              <span className="hb-life-now" style={{ insetInlineStart: `${at(now)}%` }} />
            </span>
          ),
        },
      ]}
      rows={sorted}
      keyOf={(one) => `${one.namespace}/${one.pod}`}
      empty="No certificate has been issued to a workload yet."
    />
  );
}
