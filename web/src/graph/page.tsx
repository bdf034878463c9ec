/** The graph page: tools, drawing, details beside it, the same facts in a table below. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { Graph } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { plural } from "../format.ts";
import { useLive } from "../live.ts";
import { useParameter } from "../router.tsx";
import { useTheme } from "../theme.ts";
import { Page } from "../ui/page.tsx";
import { Button, Card, TextInput } from "../ui/parts.tsx";
import { Awaited, EmptyState } from "../ui/states.tsx";
import { WindowChooser } from "../ui/window.tsx";
import { Canvas, type CanvasHandle, fontsReady } from "./canvas.tsx";
import { OPERANDS, parseFind } from "./find.ts";
import { Legend } from "./legend.tsx";
import { Panel } from "./panel.tsx";
import { EdgeTable } from "./table.tsx";

export { fontsReady };

export function GraphPage({ mesh, window }: PlaceProps) {
  const graph = useLive<Graph>(`/api/graph?${new URLSearchParams({ mesh, window })}`, "graph");
  return (
    <Page title="Graph" wide tools={<WindowChooser />}>
      <Awaited of={graph}>{(data) => (data.nodes.length > 0 ? <Whole graph={data} /> : <Nothing />)}</Awaited>
    </Page>
  );
}

function Nothing() {
  return (
    <EmptyState icon="info" title="Nothing to draw yet">
      <p>The graph shows the workloads and Services of the mesh’s members, and the traffic that their Envoys counted in the chosen window.</p>
      <p>Add a member namespace, deploy something, and send it a request.</p>
    </EmptyState>
  );
}

function Whole({ graph }: { graph: Graph }) {
  const [find, setFind] = useParameter("find");
  const [hide, setHide] = useParameter("hide");
  const [selected, setSelected] = useSelection();
  const [legend, setLegend] = useState(false);
  const [theme] = useTheme();
  const canvas = useRef<CanvasHandle>(null);
  const finding = useMemo(() => parseFind(find), [find]);
  const hiding = useMemo(() => parseFind(hide), [hide]);
  return (
    <>
      <div className="hb-toolbar" role="group" aria-label="Find and hide">
        <TextInput label="Find" value={find} onChange={setFind} placeholder="!mtls" problem={finding.problem} list={OPERANDS} />
        <TextInput label="Hide" value={hide} onChange={setHide} placeholder="namespace = istio-system" problem={hiding.problem} list={OPERANDS} />
        <div className="hb-row">
          <Button onClick={() => canvas.current?.zoom(1.25)} label="Zoom in">+</Button>
          <Button onClick={() => canvas.current?.zoom(0.8)} label="Zoom out">−</Button>
          <Button onClick={() => canvas.current?.fit()}>Fit</Button>
          <Button onClick={() => canvas.current?.arrange()}>Arrange anew</Button>
          <Button onClick={() => setLegend(!legend)} expanded={legend}>Legend</Button>
        </div>
      </div>
      {legend && <Legend />}
      <div className="hb-graph">
        <Canvas graph={graph} theme={theme} find={finding.matcher} hide={hiding.matcher} selected={selected} onSelect={setSelected} handle={canvas} />
        <Panel graph={graph} selected={selected} onSelect={setSelected} />
      </div>
      <Card title={`The same as a table: ${plural(graph.edges.length, "edge")}`}>
        <EdgeTable graph={graph} find={finding.matcher} hide={hiding.matcher} selected={selected} onSelect={setSelected} />
      </Card>
    </>
  );
}

/** What is selected, kept in the address so that it can be linked to. */
function useSelection(): [string, (id: string) => void] {
  const [selected, set] = useParameter("edge");
  return [selected, useCallback((id: string) => set(id), [set])];
}
