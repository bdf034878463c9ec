/** One workload: what each port accepts and why, its certificate, its sidecar's state, its peers. */
import type { ProxyType, Workload } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { ChainTree } from "../ui/chain.tsx";
import { Page } from "../ui/page.tsx";
import { Card, Fact, Facts, FindingCounts, Label, Mode, RefLink, Sync, Table } from "../ui/parts.tsx";
import { Peers } from "../ui/peers.tsx";
import { Alert, Awaited } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { WindowChooser } from "../ui/window.tsx";

export function WorkloadPage({ namespace, name, mesh, window }: { namespace: string; name: string } & PlaceProps) {
  const path = `/api/workloads/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?${new URLSearchParams({ mesh, window })}`;
  const workload = useLive<Workload>(path, "workloads", "graph", "certificates");
  return (
    <Page title={name} trail={[["Workloads", "/workloads"], [namespace, `/workloads?find=${namespace}`]]} tools={<WindowChooser />}>
      <Awaited of={workload}>{(data) => <Detail of={data} />}</Awaited>
    </Page>
  );
}

function Detail({ of }: { of: Workload }) {
  return (
    <div className="hb-columns">
      <Card title={of.kind || "Workload"}>
        <Facts>
          <Fact name="Namespace">{of.namespace}</Fact>
          <Fact name="App">{[of.app, of.version].filter(Boolean).join(" ") || "–"}</Fact>
          <Fact name="Sidecar">{of.sidecar ? "yes" : <Label tone="orange" icon="warning">none: this workload is outside the mesh</Label>}</Fact>
          <Fact name="Accepts">{of.sidecar ? <Mode mode={of.mode} /> : "plaintext only"}</Fact>
          <Fact name="Decided by"><RefLink of={of.decidedBy} /></Fact>
          <Fact name="Identity"><code className="hb-break">{of.identity ?? "–"}</code></Fact>
          <Fact name="Findings"><FindingCounts of={of.findings} /></Fact>
        </Facts>
      </Card>
      <Card title="Certificate">
        {of.certificate ? <ChainTree chain={of.certificate.chain} /> : <p className="hb-muted">No certificate: {of.sidecar ? "none has been issued yet." : "it has no sidecar."}</p>}
      </Card>
      <div className="hb-across">
        <Card title="Ports and their policy">
          <Table
            caption="What each port accepts and which object decided it"
            columns={[
              { head: "Port", cell: (one) => [one.port, one.name].filter(Boolean).join(" ") },
              { head: "Protocol", cell: (one) => one.protocol ?? "–" },
              { head: "Accepts", cell: (one) => <Mode mode={one.mode} /> },
              { head: "Decided by", cell: (one) => <RefLink of={one.decidedBy} /> },
              { head: "Why", cell: (one) => one.sentence },
            ]}
            rows={of.ports}
            keyOf={(one) => String(one.port)}
            empty="No port of this workload is known to the mesh."
          />
        </Card>
      </div>
      <div className="hb-across"><Card title="Sidecar’s configuration"><ProxyState of={of.proxy} /></Card></div>
      <div className="hb-across"><Card title="Who calls it"><Peers caption="Peers that call this workload" peers={of.inbound} empty="Nothing was measured in this window." /></Card></div>
      <div className="hb-across"><Card title="Whom it calls"><Peers caption="Peers that this workload calls" peers={of.outbound} empty="Nothing was measured in this window." /></Card></div>
      <div className="hb-across">
        <Card title="Pods">
          <Table
            caption="Pods of this workload"
            columns={[
              { head: "Name", cell: (one) => one.name },
              { head: "Address", cell: (one) => one.ip ?? "–" },
              { head: "Ready", cell: (one) => (one.ready ? "yes" : "no") },
              { head: "Sidecar", cell: (one) => <Sync state={one.proxy} /> },
            ]}
            rows={of.pods}
            keyOf={(one) => one.name}
            empty="No pod runs."
          />
        </Card>
      </div>
    </div>
  );
}

function ProxyState({ of }: { of: Workload["proxy"] }) {
  if (!of) return <p className="hb-muted">No sidecar is connected.</p>;
  const refused = of.types.filter((one) => one.nack);
  return (
    <div className="hb-stack">
      {refused.map((one) => (
        <Alert key={one.type} severity="danger" title={<>Envoy refused {one.nack?.resource || one.type}</>}>
          <pre className="hb-command" tabIndex={0}>{one.nack?.message}</pre>
          <p>Since <Time at={one.nack?.since} />. It goes on with what it had before.</p>
        </Alert>
      ))}
      <Table<ProxyType>
        caption="State of each type of configuration"
        columns={[
          { head: "Type", cell: (one) => one.type },
          { head: "State", cell: (one) => <Sync state={one.state} /> },
        ]}
        rows={of.types}
        keyOf={(one) => one.type}
        empty={<>All: <Sync state={of.state} /></>}
      />
    </div>
  );
}
