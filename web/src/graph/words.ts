/** The graph's facts in words; the table, the side panel and the labels on edges use the same. */
import type { GraphEdge, GraphNode } from "../api.ts";

/** "mTLS", "99.8 % mTLS", "plaintext", "refused": what was measured on an edge. */
export function securityWord(edge: GraphEdge): string {
  switch (edge.security) {
    case "mtls":
      return "mTLS";
    case "mixed":
      return `${edge.shareText} mTLS`;
    case "tls":
      return "TLS, no mesh identity";
    case "plaintext":
      return "plaintext";
    case "refused":
      return edge.counts.refusedConnections ? `${edge.counts.refusedConnections} refused` : "refused";
    default:
      return "not measured";
  }
}

const KIND: Record<GraphNode["type"], string> = {
  workload: "workload",
  service: "Service",
  gateway: "gateway",
  external: "outside service",
  outside: "client outside the mesh",
};

/** A node by its kind and name, as a person would say it. */
export function nodeName(node: GraphNode): string {
  if (node.type === "outside") return node.knownAs && !node.name.includes(node.knownAs) ? `${node.name || "outside"} (${node.knownAs})` : node.name || node.knownAs || "unknown client";
  const where = node.namespace ? `${node.namespace}/` : "";
  return `${where}${node.name}`;
}

export function nodeKind(node: GraphNode): string {
  return KIND[node.type] ?? node.type;
}
