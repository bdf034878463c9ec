/** The server's graph as cytoscape's elements: boxes for namespaces and for apps with several versions, nodes, edges. */
import type { ElementDefinition } from "cytoscape";
import type { Graph, GraphEdge, GraphNode } from "../api.ts";
import { nodeKind, nodeName, securityWord } from "./words.ts";

// Glyphs of PatternFly's icon font: a canvas draws letters, not SVG. Words stand beside them wherever something is not plain mTLS.
const LOCKED = "\ue923";
const UNLOCKED = "\ue922";

export function elementsOf(graph: Graph): ElementDefinition[] {
  const boxes = new Map<string, ElementDefinition>();
  const apps = manyVersions(graph.nodes);
  const nodes = graph.nodes.map((node) => ({ group: "nodes" as const, data: { ...nodeData(node), parent: boxOf(node, apps, boxes) } }));
  const known = new Set(graph.nodes.map((node) => node.id));
  const edges = graph.edges.filter((edge) => known.has(edge.source) && known.has(edge.target)).map((edge) => ({ group: "edges" as const, data: edgeData(edge) }));
  return [...boxes.values(), ...nodes, ...edges];
}

function nodeData(node: GraphNode) {
  const lines = [node.type === "outside" ? nodeName(node) : node.name];
  if (node.type === "workload" && node.sidecar === false) lines.push("no sidecar");
  return { id: node.id, type: node.type, label: lines.join("\n"), sidecar: node.sidecar === false ? "none" : "yes" };
}

function edgeData(edge: GraphEdge) {
  return { id: edge.id, source: edge.source, target: edge.target, security: edge.security, label: edgeLabel(edge) };
}

export function edgeLabel(edge: GraphEdge): string {
  const refused = edge.counts.refusedConnections > 0 && edge.security !== "refused" ? `, ${edge.counts.refusedConnections} refused` : "";
  switch (edge.security) {
    case "mtls":
      return LOCKED + refused;
    case "mixed":
      return `${UNLOCKED} ${edge.shareText}${refused}`;
    case "tls":
      return `TLS${refused}`;
    case "unknown":
      return refused.slice(2);
    default:
      return `${securityWord(edge)}${refused}`;
  }
}

/** Apps (namespace/app) of which several versions are there: those get a box, as Kiali's. */
function manyVersions(nodes: GraphNode[]): Set<string> {
  const versions = new Map<string, number>();
  for (const node of nodes) if (node.type === "workload" && node.app) versions.set(appKey(node), (versions.get(appKey(node)) ?? 0) + 1);
  return new Set([...versions].filter(([, count]) => count > 1).map(([key]) => key));
}

const appKey = (node: GraphNode): string => `app:${node.namespace}/${node.app}`;

function boxOf(node: GraphNode, apps: Set<string>, boxes: Map<string, ElementDefinition>): string | undefined {
  if (!node.namespace) return undefined;
  const namespace = `ns:${node.namespace}`;
  boxes.set(namespace, { group: "nodes", data: { id: namespace, type: "namespace", label: node.namespace } });
  if (node.type !== "workload" || !apps.has(appKey(node))) return namespace;
  boxes.set(appKey(node), { group: "nodes", data: { id: appKey(node), type: "app", label: node.app, parent: namespace } });
  return appKey(node);
}

/** An element in words, for who moves over the graph by keyboard. */
export function inWords(graph: Graph, id: string): string {
  const node = graph.nodes.find((one) => one.id === id);
  if (node) return `${nodeKind(node)} ${nodeName(node)}${node.sidecar === false ? ", no sidecar" : ""}`;
  return graph.edges.find((one) => one.id === id)?.words ?? "";
}
