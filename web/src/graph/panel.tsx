/** Beside the graph: what is selected, in full; the whole graph in numbers where nothing is. */
import type { ReactNode } from "react";
import type { Graph, GraphEdge, GraphNode, Ref, Security } from "../api.ts";
import { plural, shortIdentity } from "../format.ts";
import { Link, pathOfService, pathOfWorkload } from "../router.tsx";
import { Button, Fact, Facts, Label, Mode, RefLink } from "../ui/parts.tsx";
import { SecurityLabel } from "../ui/security.tsx";
import { Time } from "../ui/time.tsx";
import { nodeKind, nodeName } from "./words.ts";

interface PanelProps {
  graph: Graph;
  selected: string;
  onSelect: (id: string) => void;
}

export function Panel({ graph, selected, onSelect }: PanelProps) {
  const edge = graph.edges.find((one) => one.id === selected);
  const node = graph.nodes.find((one) => one.id === selected);
  return (
    <aside className="hb-panel" aria-label="Details">
      {selected && <div className="hb-panel-close"><Button kind="plain" icon="close" label="Close details" onClick={() => onSelect("")} /></div>}
      {edge && <EdgeFacts edge={edge} graph={graph} onSelect={onSelect} />}
      {node && <NodeFacts node={node} graph={graph} onSelect={onSelect} />}
      {selected && !edge && !node && <p className="hb-muted">This was not seen in the chosen window any more.</p>}
      {!selected && <Summary graph={graph} onSelect={onSelect} />}
    </aside>
  );
}

const KINDS: readonly (readonly [Security, string])[] = [
  ["mtls", "all mTLS"],
  ["mixed", "partly mTLS"],
  ["tls", "TLS without a mesh identity"],
  ["plaintext", "plaintext"],
  ["refused", "refused"],
  ["unknown", "not measured"],
];

function Summary({ graph, onSelect }: Omit<PanelProps, "selected">) {
  const watch = graph.edges.filter((edge) => edge.security !== "mtls" && edge.security !== "unknown").slice(0, 12);
  return (
    <>
      <h2>This graph</h2>
      <p className="hb-muted">{plural(graph.nodes.length, "node")}, {plural(graph.edges.length, "edge")}. Click one for its facts.</p>
      <Facts>
        {KINDS.map(([security, word]) => {
          const count = graph.edges.filter((edge) => edge.security === security).length;
          return count > 0 && <Fact key={security} name={word}>{plural(count, "edge")}</Fact>;
        })}
      </Facts>
      {watch.length > 0 && (
        <>
          <h3>Not all mTLS</h3>
          <EdgeList edges={watch} graph={graph} onSelect={onSelect} />
        </>
      )}
    </>
  );
}

function EdgeList({ edges, graph, onSelect }: { edges: GraphEdge[] } & Omit<PanelProps, "selected">) {
  const name = (id: string): string => {
    const node = graph.nodes.find((one) => one.id === id);
    return node ? nodeName(node) : id;
  };
  return (
    <ul className="hb-list" role="list">
      {edges.map((edge) => (
        <li key={edge.id}>
          <Button kind="link" onClick={() => onSelect(edge.id)}>{name(edge.source)} → {name(edge.target)}</Button>{" "}
          <SecurityLabel edge={edge} />
        </li>
      ))}
    </ul>
  );
}

function NodeFacts({ node, graph, onSelect }: { node: GraphNode } & Omit<PanelProps, "selected">) {
  const incoming = graph.edges.filter((edge) => edge.target === node.id);
  const outgoing = graph.edges.filter((edge) => edge.source === node.id);
  return (
    <>
      <h2>{nodeName(node)}</h2>
      <Facts>
        <Fact name="Is a">{nodeKind(node)}</Fact>
        {node.app && <Fact name="App">{[node.app, node.version].filter(Boolean).join(" ")}</Fact>}
        {node.knownAs && <Fact name="Known as"><code className="hb-break">{node.knownAs}</code></Fact>}
        {node.sidecar !== null && node.type === "workload" && <Fact name="Sidecar">{node.sidecar ? "yes" : <Label tone="orange" icon="warning">none</Label>}</Fact>}
        {node.mode && <Fact name="Accepts"><Mode mode={node.mode} /></Fact>}
        <PageLink node={node} />
      </Facts>
      {incoming.length > 0 && <><h3>Who calls it</h3><EdgeList edges={incoming} graph={graph} onSelect={onSelect} /></>}
      {outgoing.length > 0 && <><h3>Whom it calls</h3><EdgeList edges={outgoing} graph={graph} onSelect={onSelect} /></>}
    </>
  );
}

function PageLink({ node }: { node: GraphNode }) {
  if (!node.namespace || !["workload", "service", "gateway"].includes(node.type)) return null;
  const path = node.type === "service" ? pathOfService(node.namespace, node.name) : pathOfWorkload(node.namespace, node.name);
  return <Fact name="Its page"><Link to={path}>{nodeName(node)}</Link></Fact>;
}

function EdgeFacts({ edge, graph, onSelect }: { edge: GraphEdge } & Omit<PanelProps, "selected">) {
  const end = (id: string): ReactNode => {
    const node = graph.nodes.find((one) => one.id === id);
    return <Button kind="link" onClick={() => onSelect(id)}>{node ? nodeName(node) : id}</Button>;
  };
  const { counts, decidedBy } = edge;
  return (
    <>
      <h2>Edge ({edge.protocol.toUpperCase()})</h2>
      <SecurityLabel edge={edge} />
      <p>{edge.words}</p>
      <Facts>
        <Fact name="From">{end(edge.source)}</Fact>
        <Fact name="To">{end(edge.target)}</Fact>
        <Fact name="mTLS">{edge.share === null ? "nothing measured" : `${edge.shareText} of ${counts.requests ? "requests" : "connections"}`}</Fact>
        <Fact name="Source principal"><Principals of={edge.principals.source} /></Fact>
        <Fact name="Destination principal"><Principals of={edge.principals.destination} /></Fact>
        {edge.tls.length > 0 && (
          <Fact name="TLS">
            <ul role="list">{edge.tls.map((one) => <li key={`${one.version} ${one.cipher} ${one.group}`}>{one.version}<div className="hb-muted hb-break">{one.cipher}{one.group && <>, key exchange {one.group}</>}</div></li>)}</ul>
          </Fact>
        )}
        <Fact name="Requests">{counts.requests.toLocaleString("en")}{counts.requestsPerSecond ? ` (${counts.requestsPerSecond.toFixed(counts.requestsPerSecond < 10 ? 1 : 0)} a second)` : ""}</Fact>
        <Fact name="Connections">
          <ul role="list">
            {([["mTLS", counts.mtlsConnections], ["TLS", counts.tlsConnections], ["plaintext", counts.plaintextConnections], ["refused", counts.refusedConnections]] as const).map(
              ([word, count]) => count > 0 && <li key={word}>{count.toLocaleString("en")} {word}</li>,
            )}
          </ul>
        </Fact>
        {edge.reasons.length > 0 && <Fact name="Refused because"><ul role="list">{edge.reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul></Fact>}
        <Fact name="Last seen"><Time at={edge.lastSeen} /></Fact>
      </Facts>
      <h3>Who decided</h3>
      <Decided side="Client" by={decidedBy.client} sentence={decidedBy.clientSentence} />
      <Decided side="Server" by={decidedBy.server} sentence={decidedBy.serverSentence} />
    </>
  );
}

function Decided({ side, by, sentence }: { side: string; by: Ref | null; sentence: string }) {
  return (
    <div>
      <strong>{side}:</strong> {sentence}
      <div><RefLink of={by} /></div>
    </div>
  );
}

function Principals({ of }: { of: string[] }) {
  if (of.length === 0) return <span className="hb-muted">none: no certificate was shown</span>;
  return <ul role="list">{of.map((one) => <li key={one} title={shortIdentity(one)}><code className="hb-break">{one}</code></li>)}</ul>;
}
