/** One Service: what clients send to each port, what its workloads accept, and what comes of it. */
import type { Service } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { Link, pathOfWorkload } from "../router.tsx";
import { Page } from "../ui/page.tsx";
import { Card, Fact, Facts, Label, Mode, RefLink, Table, type Tone } from "../ui/parts.tsx";
import { Peers } from "../ui/peers.tsx";
import { Awaited } from "../ui/states.tsx";
import { WindowChooser } from "../ui/window.tsx";

export function ServicePage({ namespace, name, mesh, window }: { namespace: string; name: string } & PlaceProps) {
  const path = `/api/services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?${new URLSearchParams({ mesh, window })}`;
  const service = useLive<Service>(path, "services", "graph");
  return (
    <Page title={name} trail={[["Services", "/services"], [namespace, `/services?find=${namespace}`]]} tools={<WindowChooser />}>
      <Awaited of={service}>{(data) => <Detail of={data} />}</Awaited>
    </Page>
  );
}

function Detail({ of }: { of: Service }) {
  return (
    <div className="hb-stack">
      <Card title="Service">
        <Facts>
          <Fact name="Namespace">{of.namespace}</Fact>
          <Fact name="Known as"><span className="hb-break">{of.hosts.join(", ") || "–"}</span></Fact>
          <Fact name="Workloads">
            {of.workloads.length === 0 ? "none: its selector matches no pod" : (
              <ul className="hb-row" role="list">{of.workloads.map((one) => <li key={`${one.namespace}/${one.name}`}><Link to={pathOfWorkload(one.namespace, one.name)}>{one.name}</Link></li>)}</ul>
            )}
          </Fact>
        </Facts>
      </Card>
      <Card title="Ports: what is sent, what is accepted, what comes of it">
        <Table
          caption="Ports of this Service"
          columns={[
            { head: "Port", cell: (one) => [one.port, one.name].filter(Boolean).join(" ") },
            { head: "Clients send", cell: (one) => <><div><strong>{one.client.tls}</strong></div><div className="hb-muted">{one.client.sentence} {one.client.decidedBy && <RefLink of={one.client.decidedBy} />}</div></> },
            { head: "Servers accept", cell: (one) => <ul role="list">{one.servers.map((server) => <li key={server.workload}>{server.workload} <Mode mode={server.mode} /></li>)}</ul> },
            { head: "Outcome", cell: (one) => <><div><Label tone={toneOf(one.outcome.word)}>{one.outcome.word}</Label></div><div className="hb-muted">{one.outcome.sentence}</div></> },
          ]}
          rows={of.ports}
          keyOf={(one) => String(one.port)}
          empty="This Service has no port."
        />
      </Card>
      <Card title="Who calls it"><Peers caption="Peers that call this Service" peers={of.inbound} empty="Nothing was measured in this window." /></Card>
    </div>
  );
}

function toneOf(word: string): Tone {
  const lower = word.toLowerCase();
  if (/refus|fail|reset|break/.test(lower)) return "red";
  if (/plain|mixed|part/.test(lower)) return "orange";
  return lower.includes("mtls") ? "green" : "grey";
}
