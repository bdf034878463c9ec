/** The objects that make this mesh what it is, and what was found about each. */
import type { Items, ObjectItem } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { RefLink, FindingCounts, Table, TextInput } from "../ui/parts.tsx";
import { useParameter } from "../router.tsx";
import { Page } from "../ui/page.tsx";
import { Awaited } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";

export function ObjectsPage({ mesh }: PlaceProps) {
  const objects = useLive<Items<ObjectItem>>(`/api/objects?${new URLSearchParams({ mesh })}`, "objects");
  const [find, setFind] = useParameter("find");
  return (
    <Page title="Objects" tools={<TextInput label="Find" value={find} onChange={setFind} placeholder="kind, name or finding" />}>
      <Awaited of={objects}>
        {({ items }) => (
          <Table
            sheet
            caption="Objects of this mesh"
            columns={[
              { head: "Object", cell: (one) => <RefLink of={one.ref} /> },
              { head: "API", cell: (one) => [one.ref.group, one.ref.version].filter(Boolean).join("/") },
              { head: "Created", cell: (one) => <Time at={one.created} /> },
              { head: "Findings", cell: (one) => <Counts of={one} /> },
            ]}
            rows={items.filter((one) => matches(one, find))}
            keyOf={({ ref }) => `${ref.kind}/${ref.namespace}/${ref.name}`}
            empty={find ? `No object matches “${find}”.` : "No object yet."}
          />
        )}
      </Awaited>
    </Page>
  );
}

function Counts({ of }: { of: ObjectItem }) {
  const count = (severity: string): number => of.findings.filter((finding) => finding.severity === severity).length;
  return (
    <>
      <FindingCounts of={{ error: count("error"), warning: count("warning") }} />
      {of.findings.length > 0 && <span className="hb-muted"> {[...new Set(of.findings.map((finding) => finding.code))].join(", ")}</span>}
    </>
  );
}

function matches({ ref, findings }: ObjectItem, find: string): boolean {
  const text = [ref.kind, ref.namespace, ref.name, ...findings.map((finding) => `${finding.code} ${finding.message}`)].join(" ").toLowerCase();
  return find.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
