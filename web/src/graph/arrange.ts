/** Where things stand in the drawn graph: dagre's layers, boxes that do not overlap, and places for what is new. */
import cytoscape, { type BoundingBox12, type BoundingBoxWH, type Core, type LayoutOptions, type NodeSingular, type Position } from "cytoscape";
import { lookOf } from "./look.ts";

const GAP = 18;

/** Lay everything out anew and show all of it: left to right as Kiali does, top to bottom where there is more height than width. */
export function arrange(cy: Core): void {
  lay(cy, cy.height() > cy.width() * 1.1 ? "TB" : "LR");
  cy.fit(undefined, 16);
  if (cy.zoom() > 1.2) cy.zoom(1.2);
  cy.center();
}

function lay(cy: Core, rankDir: "LR" | "TB"): void {
  cy.layout({ name: "dagre", rankDir, nodeSep: 26, edgeSep: 12, rankSep: 56, nodeDimensionsIncludeLabels: true, animate: false, fit: false } as LayoutOptions).run();
  separate(cy, rankDir);
}

/** Push top-level boxes apart: dagre does not know of their padding and titles. */
function separate(cy: Core, rankDir: "LR" | "TB"): void {
  const tops = cy.nodes().toArray().filter((node) => node.isOrphan());
  const box = (node: NodeSingular) => node.boundingBox({ includeEdges: false });
  const placed: (BoundingBox12 & BoundingBoxWH)[] = [];
  const start = (node: NodeSingular): number => (rankDir === "LR" ? box(node).y1 : box(node).x1);
  // The largest stays where it is; the small ones move out of its way.
  for (const node of tops.sort((a, b) => area(box(b)) - area(box(a)) || start(a) - start(b))) {
    let here = box(node);
    for (let tries = 0; tries < 50; tries += 1) {
      const hit = placed.find((one) => overlaps(one, here));
      if (!hit) break;
      shift(node, rankDir === "LR" ? { x: 0, y: away(hit.y1, hit.y2, here.y1, here.y2) } : { x: away(hit.x1, hit.x2, here.x1, here.x2), y: 0 });
      here = box(node);
    }
    placed.push(here);
  }
}

const area = (box: BoundingBoxWH): number => box.w * box.h;

function overlaps(a: BoundingBox12, b: BoundingBox12): boolean {
  return a.x1 < b.x2 + GAP && b.x1 < a.x2 + GAP && a.y1 < b.y2 + GAP && b.y1 < a.y2 + GAP;
}

/** How far [from, to] must go to be clear of [low, high], on the side it is nearer to. */
function away(low: number, high: number, from: number, to: number): number {
  return from + to < low + high ? low - to - GAP - 1 : high - from + GAP + 1;
}

function shift(node: NodeSingular, by: Position): void {
  const moved = node.isParent() ? node.descendants().filter((one) => one.isChildless()) : node;
  moved.shift(by);
}

/** Give new nodes a place beside their neighbours, as a fresh layout would, without moving anything that is already there. */
export function settle(cy: Core, fresh: Set<string>): void {
  const ideal = freshPositions(cy);
  const leaves = cy.nodes().toArray().filter((node) => node.isChildless());
  const old = leaves.filter((node) => !fresh.has(node.id()));
  for (const node of leaves.filter((one) => fresh.has(one.id()))) {
    const neighbours = node.neighborhood().nodes().toArray().filter((one) => !fresh.has(one.id()));
    const by = meanShift(neighbours.length > 0 ? neighbours : old, ideal);
    const here = ideal.get(node.id()) ?? { x: 0, y: 0 };
    const at = { x: here.x + by.x, y: here.y + by.y };
    while (old.some((one) => Math.abs(one.position().x - at.x) < 60 && Math.abs(one.position().y - at.y) < 60)) at.y += 70;
    node.position(at);
    old.push(node);
  }
}

function freshPositions(cy: Core): Map<string, Position> {
  const copy = cytoscape({ headless: true, styleEnabled: true, elements: cy.elements().jsons() as never, style: lookOf("light") });
  lay(copy, "LR");
  const positions = new Map(copy.nodes().map((node) => [node.id(), { ...node.position() }]));
  copy.destroy();
  return positions;
}

function meanShift(nodes: NodeSingular[], ideal: Map<string, Position>): Position {
  if (nodes.length === 0) return { x: 0, y: 0 };
  let [x, y] = [0, 0];
  for (const node of nodes) {
    const there = ideal.get(node.id()) ?? node.position();
    x += node.position().x - there.x;
    y += node.position().y - there.y;
  }
  return { x: x / nodes.length, y: y / nodes.length };
}
