/** The graph's facts as a table: for who cannot see the drawing, and for who would rather read. */
import { memo, useState } from "react";
import type { Graph, GraphEdge } from "../api.ts";
import { shortIdentity } from "../format.ts";
import { Button, Table } from "../ui/parts.tsx";
import { SecurityLabel } from "../ui/security.tsx";
import type { Matcher } from "./find.ts";
import { nodeName } from "./words.ts";

const PAGE = 50;

interface EdgeTableProps {
  graph: Graph;
  find: Matcher | null;
  hide: Matcher | null;
  selected: string;
  onSelect: (id: string) => void;
}

export const EdgeTable = memo(function EdgeTable({ graph, find, hide, selected, onSelect }: EdgeTableProps) {
  const [shown, setShown] = useState(PAGE);
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const name = (id: string): string => {
    const node = nodes.get(id);
    return node ? nodeName(node) : id;
  };
  const rows = graph.edges.filter((edge) => {
    const inPlace = { edge, source: nodes.get(edge.source), target: nodes.get(edge.target) };
    return (!find || find.edge(inPlace)) && !hide?.edge(inPlace);
  });
  return (
    <>
      <Table<GraphEdge>
        caption="Edges of the graph"
        columns={[
          { head: "From", cell: (one) => name(one.source) },
          { head: "To", cell: (one) => name(one.target) },
          { head: "Security", cell: (one) => <SecurityLabel edge={one} /> },
          { head: "Protocol", cell: (one) => one.protocol.toUpperCase() },
          { head: "Requests", cell: (one) => one.counts.requests.toLocaleString("en") },
          { head: "Connections", cell: (one) => total(one).toLocaleString("en") },
          { head: "Source principal", cell: (one) => one.principals.source.map(shortIdentity).join(", ") || "none" },
          { head: "Destination principal", cell: (one) => one.principals.destination.map(shortIdentity).join(", ") || "none" },
          { head: "More", cell: (one) => <Button kind="link" label={`Details of ${name(one.source)} to ${name(one.target)}`} onClick={() => onSelect(one.id)}>Details</Button> },
        ]}
        rows={rows.slice(0, shown)}
        keyOf={(one) => one.id}
        rowClass={(one) => (one.id === selected ? "hb-selected" : "")}
        empty={find ? "No edge matches." : "No traffic was measured in this window."}
      />
      {rows.length > shown && <Button onClick={() => setShown(shown + PAGE)}>Show more ({rows.length - shown} left)</Button>}
    </>
  );
});

function total({ counts }: GraphEdge): number {
  return counts.mtlsConnections + counts.tlsConnections + counts.plaintextConnections + counts.refusedConnections;
}
