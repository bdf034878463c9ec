/** All workloads in a table, to be found by what is typed. */
import type { Items, WorkloadItem } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { Link, pathOfWorkload, useParameter } from "../router.tsx";
import { Page } from "../ui/page.tsx";
import { FindingCounts, Label, Mode, RefLink, Sync, Table, TextInput } from "../ui/parts.tsx";
import { Awaited } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";

export function WorkloadsPage({ mesh, window }: PlaceProps) {
  const workloads = useLive<Items<WorkloadItem>>(`/api/workloads?${new URLSearchParams({ mesh, window })}`, "workloads");
  const [find, setFind] = useParameter("find");
  return (
    <Page title="Workloads" tools={<TextInput label="Find" value={find} onChange={setFind} placeholder="name, namespace or mode" />}>
      <Awaited of={workloads}>
        {({ items }) => (
          <Table
            sheet
            caption="Workloads of this mesh"
            columns={[
              { head: "Name", cell: (one) => <Link to={pathOfWorkload(one.namespace, one.name)}>{one.name}</Link> },
              { head: "Namespace", cell: (one) => one.namespace },
              { head: "App", cell: (one) => [one.app, one.version].filter(Boolean).join(" ") || "–" },
              { head: "Accepts", cell: (one) => (one.sidecar ? <Mode mode={one.mode} /> : <Label tone="orange" icon="warning">no sidecar</Label>) },
              { head: "Decided by", cell: (one) => (one.sidecar ? <RefLink of={one.decidedBy} /> : "–") },
              { head: "Sidecar", cell: (one) => <Sync state={one.proxy} /> },
              { head: "Certificate until", cell: (one) => <Time at={one.certificate?.notAfter} /> },
              { head: "Findings", cell: (one) => <FindingCounts of={one.findings} /> },
            ]}
            rows={items.filter((one) => matches(one, find))}
            keyOf={(one) => `${one.namespace}/${one.name}`}
            empty={find ? `No workload matches “${find}”.` : "No workload yet. A Deployment in a member namespace gets sidecars by the annotation sidecar.istio.io/inject: \"true\" on its pods."}
          />
        )}
      </Awaited>
    </Page>
  );
}

function matches(one: WorkloadItem, find: string): boolean {
  const text = [one.namespace, one.name, one.app, one.version, one.mode, one.sidecar ? "" : "no sidecar"].join(" ").toLowerCase();
  return find.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
