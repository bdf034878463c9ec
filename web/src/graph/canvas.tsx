/** The drawn graph: cytoscape on a canvas, kept in place while the mesh changes, and walked over with the keyboard. */
import cytoscape, { type Core, type LayoutOptions, type NodeSingular, type Position } from "cytoscape";
import dagre from "cytoscape-dagre";
import { type KeyboardEvent, type RefObject, useEffect, useImperativeHandle, useRef } from "react";
import type { Graph } from "../api.ts";
import type { Theme } from "../theme.ts";
import { announce } from "../ui/announce.tsx";
import { elementsOf, inWords } from "./elements.ts";
import type { Matcher } from "./find.ts";
import { lookOf } from "./look.ts";
import { nextElement } from "./walk.ts";

cytoscape.use(dagre);

/** What the page's buttons do with the drawing. */
export interface CanvasHandle {
  fit: () => void;
  arrange: () => void;
  zoom: (factor: number) => void;
}

interface CanvasProps {
  graph: Graph;
  theme: Theme;
  find: Matcher | null;
  hide: Matcher | null;
  selected: string;
  onSelect: (id: string) => void;
  handle: RefObject<CanvasHandle | null>;
}

const LAYOUT = { name: "dagre", rankDir: "LR", nodeSep: 34, edgeSep: 12, rankSep: 110, padding: 30, nodeDimensionsIncludeLabels: true, animate: false, fit: true } as const;

export function Canvas({ graph, theme, find, hide, selected, onSelect, handle }: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Core | null>(null);
  const at = useRef("");
  const select = useRef(onSelect);
  select.current = onSelect;

  useEffect(() => {
    if (!place.current) return undefined;
    const cy = cytoscape({ container: place.current, minZoom: 0.1, maxZoom: 2.5, wheelSensitivity: 0.4, boxSelectionEnabled: false, textureOnViewport: false, hideEdgesOnViewport: false });
    cy.on("tap", (event) => {
      const id = event.target === cy ? "" : String(event.target.id());
      select.current(id.startsWith("ns:") || id.startsWith("app:") ? "" : id);
    });
    drawn.current = cy;
    void document.fonts.load('12px "pf-v6-pficon"', "\ue923").then(() => cy.style().update());
    return () => {
      drawn.current = null;
      cy.destroy();
    };
  }, []);

  useEffect(() => {
    drawn.current?.style(lookOf(theme));
  }, [theme]);
  useEffect(() => {
    if (drawn.current) follow(drawn.current, graph);
  }, [graph]);
  useEffect(() => {
    if (drawn.current) mark(drawn.current, graph, find, hide);
  }, [graph, find, hide]);
  useEffect(() => {
    const cy = drawn.current;
    if (!cy) return;
    cy.batch(() => {
      cy.elements(":selected").unselect();
      if (selected) cy.getElementById(selected).select();
    });
  }, [graph, selected]);

  useImperativeHandle(handle, () => ({
    fit: () => drawn.current?.fit(undefined, 30),
    arrange: () => drawn.current?.layout(LAYOUT).run(),
    zoom: (factor) => {
      const cy = drawn.current;
      cy?.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    },
  }));

  const walk = (event: KeyboardEvent): void => {
    const cy = drawn.current;
    if (!cy) return;
    if (event.key === "Enter" && at.current) select.current(at.current);
    else if (event.key === "Escape") select.current("");
    else {
      const next = nextElement(cy, at.current, event.key);
      if (!next) return;
      cy.batch(() => {
        cy.elements(".at").removeClass("at");
        next.addClass("at");
      });
      at.current = next.id();
      announce(inWords(graph, at.current));
      const box = next.renderedBoundingBox();
      if (box.x1 < 0 || box.y1 < 0 || box.x2 > cy.width() || box.y2 > cy.height()) cy.center(next);
    }
    event.preventDefault();
  };

  return (
    <div
      ref={place}
      className="hb-canvas"
      role="application"
      tabIndex={0}
      aria-label="Graph. Arrow keys go from node to node, N and P along the edges, Enter shows details, Escape closes them. The table below has the same facts."
      onKeyDown={walk}
    />
  );
}

/** Make the drawing show `graph`; what was there stays where it was. */
function follow(cy: Core, graph: Graph): void {
  const wanted = elementsOf(graph);
  const ids = new Set(wanted.map((element) => element.data.id));
  const first = cy.nodes().empty();
  const fresh = wanted.filter((element) => cy.getElementById(String(element.data.id)).empty());
  const newNodes = new Set(fresh.filter((element) => element.group === "nodes").map((element) => String(element.data.id)));
  cy.batch(() => {
    for (const element of wanted) {
      const old = cy.getElementById(String(element.data.id));
      if (old.empty()) continue;
      old.data(element.data);
      if (old.isNode() && (old.parent().first().id() ?? null) !== (element.data.parent ?? null) && !newNodes.has(String(element.data.parent))) old.move({ parent: element.data.parent ?? null });
    }
    cy.add(fresh);
    for (const element of wanted) {
      const parent = element.data.parent as string | undefined;
      if (parent && newNodes.has(parent) && !newNodes.has(String(element.data.id))) cy.getElementById(String(element.data.id)).move({ parent });
    }
    // Leaves before their boxes: a box that is removed takes its children with it.
    cy.edges().filter((edge) => !ids.has(edge.id())).remove();
    cy.nodes().filter((node) => !ids.has(node.id()) && node.isChildless()).remove();
    cy.nodes().filter((node) => !ids.has(node.id())).remove();
  });
  if (first) cy.layout(LAYOUT).run();
  else if (newNodes.size > 0) settle(cy, newNodes);
  cy.container()?.setAttribute("data-nodes", String(cy.nodes().length));
}

/** Give new nodes a place beside their neighbours, as a fresh layout would, without moving anything that is already there. */
function settle(cy: Core, fresh: Set<string>): void {
  const ideal = positionsOf(cy);
  const leaves = cy.nodes().toArray().filter((node) => node.isChildless());
  const old = leaves.filter((node) => !fresh.has(node.id()));
  for (const node of leaves.filter((one) => fresh.has(one.id()))) {
    const neighbours = node.neighborhood().nodes().toArray().filter((one) => !fresh.has(one.id()));
    const shift = meanShift(neighbours.length > 0 ? neighbours : old, ideal);
    const here = ideal.get(node.id()) ?? { x: 0, y: 0 };
    const at = { x: here.x + shift.x, y: here.y + shift.y };
    while (old.some((one) => Math.abs(one.position().x - at.x) < 50 && Math.abs(one.position().y - at.y) < 60)) at.y += 70;
    node.position(at);
  }
}

function positionsOf(cy: Core): Map<string, Position> {
  const copy = cytoscape({ headless: true, styleEnabled: true, elements: cy.elements().jsons() as never, style: lookOf("light") });
  copy.layout({ ...LAYOUT, fit: false } as LayoutOptions).run();
  const positions = new Map(copy.nodes().map((node) => [node.id(), { ...node.position() }]));
  copy.destroy();
  return positions;
}

function meanShift(nodes: NodeSingular[], ideal: Map<string, Position>): Position {
  if (nodes.length === 0) return { x: 0, y: 0 };
  const sum = nodes.reduce((so, node) => {
    const there = ideal.get(node.id()) ?? node.position();
    return { x: so.x + node.position().x - there.x, y: so.y + node.position().y - there.y };
  }, { x: 0, y: 0 });
  return { x: sum.x / nodes.length, y: sum.y / nodes.length };
}

function mark(cy: Core, graph: Graph, find: Matcher | null, hide: Matcher | null): void {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  cy.batch(() => {
    for (const node of graph.nodes) {
      const drawn = cy.getElementById(node.id);
      drawn.toggleClass("found", find?.node(node) ?? false);
      drawn.toggleClass("hidden", hide?.node(node) ?? false);
    }
    for (const edge of graph.edges) {
      const inPlace = { edge, source: nodes.get(edge.source), target: nodes.get(edge.target) };
      const drawn = cy.getElementById(edge.id);
      const found = find?.edge(inPlace) ?? false;
      drawn.toggleClass("found", found);
      drawn.toggleClass("hidden", hide?.edge(inPlace) ?? false);
    }
  });
}
