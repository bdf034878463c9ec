/** Who talks with this workload or Service, and how: the graph's facts as a table. */
import type { Peer } from "../api.ts";
import { plural } from "../format.ts";
import { Link } from "../router.tsx";
import { nodeName } from "../graph/words.ts";
import { Table } from "./parts.tsx";
import { SecurityLabel } from "./security.tsx";
import { Time } from "./time.tsx";

export function Peers({ caption, peers, empty }: { caption: string; peers: Peer[]; empty: string }) {
  return (
    <Table
      caption={caption}
      columns={[
        { head: "Peer", cell: ({ node }) => nodeName(node) },
        { head: "Security", cell: ({ edge }) => <SecurityLabel edge={edge} /> },
        { head: "Protocol", cell: ({ edge }) => edge.protocol.toUpperCase() },
        { head: "Traffic", cell: ({ edge }) => (edge.counts.requests ? plural(edge.counts.requests, "request") : connections(edge.counts)) },
        { head: "Last seen", cell: ({ edge }) => <Time at={edge.lastSeen} /> },
        { head: "More", cell: ({ edge }) => <Link to={`/graph?edge=${encodeURIComponent(edge.id)}`}>In the graph<span className="pf-v6-screen-reader">: {edge.words}</span></Link> },
      ]}
      rows={peers}
      keyOf={({ edge }) => edge.id}
      empty={empty}
    />
  );
}

function connections(counts: Peer["edge"]["counts"]): string {
  return plural(counts.mtlsConnections + counts.tlsConnections + counts.plaintextConnections + counts.refusedConnections, "connection");
}
