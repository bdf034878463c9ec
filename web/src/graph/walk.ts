/** Where the keyboard goes next in the drawn graph. */
import type { Core, EdgeSingular, NodeSingular } from "cytoscape";

const DIRECTIONS: Record<string, readonly [x: number, y: number]> = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** The element that `key` leads to from the one with id `from` (empty: nowhere yet); null where the key means nothing. */
export function nextElement(cy: Core, from: string, key: string): NodeSingular | EdgeSingular | null {
  const nodes = cy.nodes(":childless").toArray().filter((one) => one.visible());
  const node = cy.nodes().toArray().find((one) => one.id() === from);
  const edge = cy.edges().toArray().find((one) => one.id() === from);
  const direction = DIRECTIONS[key];
  if (direction) {
    const start = node ?? edge?.source();
    return start ? inDirection(start, nodes, direction) ?? start : first(nodes);
  }
  const step = { n: 1, p: -1 }[key.toLowerCase()];
  if (!step) return null;
  const edges = (node?.connectedEdges(":visible") ?? cy.edges(":visible")).toArray();
  const index = edges.findIndex((one) => one.id() === from);
  return edges[(index + step + edges.length) % edges.length] ?? null;
}

function first(nodes: NodeSingular[]): NodeSingular | null {
  return [...nodes].sort((a, b) => a.position().x - b.position().x || a.position().y - b.position().y)[0] ?? null;
}

/** The nearest node that lies rather in this direction than beside it. */
function inDirection(from: NodeSingular, nodes: NodeSingular[], [x, y]: readonly [number, number]): NodeSingular | null {
  let best: NodeSingular | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    const dx = node.position().x - from.position().x;
    const dy = node.position().y - from.position().y;
    const along = dx * x + dy * y;
    const beside = Math.abs(dx * y) + Math.abs(dy * x);
    if (node.id() === from.id() || along <= 0) continue;
    const cost = along + 2 * beside;
    if (cost < least) [best, least] = [node, cost];
  }
  return best;
}
