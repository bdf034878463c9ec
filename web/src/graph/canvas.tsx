/** The drawn graph: cytoscape on a canvas, kept in place while the mesh changes, and walked over with the keyboard. */
import cytoscape, { type Core } from "cytoscape";
import dagre from "cytoscape-dagre";
import { type KeyboardEvent, type RefObject, useEffect, useImperativeHandle, useRef } from "react";
import type { Graph } from "../api.ts";
import type { Theme } from "../theme.ts";
import { announce } from "../ui/announce.tsx";
import { arrange, settle } from "./arrange.ts";
import { elementsOf, inWords } from "./elements.ts";
import type { Matcher } from "./find.ts";
import { lookOf } from "./look.ts";
import { nextElement } from "./walk.ts";

cytoscape.use(dagre);

/** The letters that the canvas draws: without them it would measure and draw others, and keep those. */
export const fontsReady: Promise<unknown> = Promise.allSettled([
  document.fonts.load('13px "pf-v6-pficon"', "\ue923"),
  document.fonts.load('13px "Red Hat Text"'),
]);

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

export function Canvas({ graph, theme, find, hide, selected, onSelect, handle }: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Core | null>(null);
  const at = useRef("");
  const select = useRef(onSelect);
  select.current = onSelect;

  useEffect(() => {
    if (!place.current) return undefined;
    const cy = cytoscape({ container: place.current, minZoom: 0.1, maxZoom: 2.5, boxSelectionEnabled: false });
    cy.on("tap", (event) => {
      const id = event.target === cy ? "" : String(event.target.id());
      select.current(id.startsWith("ns:") || id.startsWith("app:") ? "" : id);
    });
    drawn.current = cy;
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
    arrange: () => {
      if (drawn.current) arrange(drawn.current);
    },
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
  if (first) arrange(cy);
  else if (newNodes.size > 0) settle(cy, newNodes);
  cy.container()?.setAttribute("data-nodes", String(cy.nodes().length));
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
