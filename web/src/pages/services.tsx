/** All Services in a table. */
import type { Items, ServiceItem } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { Link, pathOfService, useParameter } from "../router.tsx";
import { Page } from "../ui/page.tsx";
import { FindingCounts, Table, TextInput } from "../ui/parts.tsx";
import { Awaited } from "../ui/states.tsx";

export function ServicesPage({ mesh, window }: PlaceProps) {
  const services = useLive<Items<ServiceItem>>(`/api/services?${new URLSearchParams({ mesh, window })}`, "services");
  const [find, setFind] = useParameter("find");
  return (
    <Page title="Services" tools={<TextInput label="Find" value={find} onChange={setFind} placeholder="name or namespace" />}>
      <Awaited of={services}>
        {({ items }) => (
          <Table
            sheet
            caption="Services of this mesh"
            columns={[
              { head: "Name", cell: (one) => <Link to={pathOfService(one.namespace, one.name)}>{one.name}</Link> },
              { head: "Namespace", cell: (one) => one.namespace },
              { head: "Ports", cell: (one) => one.ports?.map((port) => [port.port, port.name].filter(Boolean).join(" ")).join(", ") || "–" },
              { head: "Findings", cell: (one) => <FindingCounts of={one.findings} /> },
            ]}
            rows={items.filter((one) => `${one.namespace} ${one.name}`.toLowerCase().includes(find.toLowerCase()))}
            keyOf={(one) => `${one.namespace}/${one.name}`}
            empty={find ? `No Service matches “${find}”.` : "No Service in this mesh yet."}
          />
        )}
      </Awaited>
    </Page>
  );
}
