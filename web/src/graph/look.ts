/** How the graph is drawn: shape and text say what colour says. */
import type { StylesheetJson } from "cytoscape";
import type { Theme } from "../theme.ts";

interface Palette {
  text: string;
  muted: string;
  paper: string;
  box: string;
  node: string;
  border: string;
  green: string;
  orange: string;
  red: string;
  blue: string;
  select: string;
}

// Every colour has 4.5:1 on `paper` and on `box`, since each is used for letters too.
const PALETTES: Record<Theme, Palette> = {
  light: { text: "#151515", muted: "#4d4d4d", paper: "#ffffff", box: "#f5f5f5", node: "#ffffff", border: "#4d4d4d", green: "#2e6410", orange: "#9e4a06", red: "#a60000", blue: "#004d99", select: "#0066cc" },
  dark: { text: "#ffffff", muted: "#c7c7c7", paper: "#1f1f1f", box: "#292929", node: "#383838", border: "#c7c7c7", green: "#92c56e", orange: "#f8ae54", red: "#f9a8a8", blue: "#92c5f9", select: "#92c5f9" },
};

const FONT = '"Red Hat Text", "pf-v6-pficon", sans-serif';

export function lookOf(theme: Theme): StylesheetJson {
  const p = PALETTES[theme];
  const edge = (security: string, color: string, line: "solid" | "dashed" | "dotted", width = 2) => ({
    selector: `edge[security = "${security}"]`,
    style: { "line-color": color, "target-arrow-color": color, color, "line-style": line, width },
  });
  return [
    {
      selector: "node",
      style: {
        label: "data(label)", "text-wrap": "wrap", "text-max-width": "150px", "font-family": FONT, "font-size": 13, color: p.text,
        "text-valign": "bottom", "text-margin-y": 6, width: 34, height: 34, "background-color": p.node, "border-width": 2, "border-color": p.border,
        "text-background-color": p.box, "text-background-opacity": 0.85, "text-background-padding": "2px", "min-zoomed-font-size": 6,
      },
    },
    { selector: 'node[type = "workload"]', style: { shape: "ellipse" } },
    { selector: 'node[type = "service"]', style: { shape: "diamond", width: 36, height: 36 } },
    { selector: 'node[type = "gateway"]', style: { shape: "round-tag", width: 40 } },
    { selector: 'node[type = "external"]', style: { shape: "rhomboid", width: 40 } },
    { selector: 'node[type = "outside"]', style: { shape: "hexagon", "border-style": "dashed" } },
    { selector: 'node[sidecar = "none"]', style: { "border-style": "dashed" } },
    {
      selector: ":parent",
      style: {
        shape: "round-rectangle", "background-color": p.box, "background-opacity": 1, "border-width": 1, "border-color": p.muted, "text-valign": "top",
        "text-margin-y": -4, "font-weight": 600, color: p.muted, padding: "22px", "text-background-opacity": 0, "min-zoomed-font-size": 5,
      },
    },
    { selector: 'node[type = "app"]', style: { "background-color": p.paper, "border-style": "dotted", padding: "14px", "font-weight": 400 } },
    {
      selector: "edge",
      style: {
        "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 1, label: "data(label)", "font-family": FONT, "font-size": 14,
        "text-background-color": p.paper, "text-background-opacity": 1, "text-background-padding": "2px", "text-background-shape": "roundrectangle",
        "min-zoomed-font-size": 5, width: 2,
      },
    },
    edge("mtls", p.green, "solid"),
    edge("mixed", p.orange, "dashed"),
    edge("tls", p.blue, "solid"),
    edge("plaintext", p.orange, "dotted", 3),
    edge("refused", p.red, "dashed"),
    edge("unknown", p.muted, "solid", 1),
    { selector: 'edge[security = "refused"]', style: { "target-arrow-shape": "tee", "arrow-scale": 1.4 } },
    { selector: ".faded", style: { opacity: 0.2 } },
    { selector: ".hidden", style: { display: "none" } },
    { selector: ".found", style: { "underlay-color": p.select, "underlay-opacity": 0.25, "underlay-padding": 8 } },
    { selector: ".at", style: { "underlay-color": p.select, "underlay-opacity": 0.45, "underlay-padding": 8 } },
    { selector: "node:selected", style: { "border-color": p.select, "border-width": 4 } },
    { selector: "edge:selected", style: { width: 4, "underlay-color": p.select, "underlay-opacity": 0.3, "underlay-padding": 6 } },
  ] as StylesheetJson;
}
