/** One object: its YAML, with what was found at the line it is about. */
import type { ObjectPage as Answer } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { useLive } from "../live.ts";
import { Page } from "../ui/page.tsx";
import { Awaited } from "../ui/states.tsx";
import { Yaml } from "../ui/yaml.tsx";

/** `parts`: group, version, plural, namespace, name. */
export function ObjectPage({ parts, mesh }: { parts: string[] } & PlaceProps) {
  const path = `/api/objects/${parts.map(encodeURIComponent).join("/")}?${new URLSearchParams({ mesh })}`;
  const object = useLive<Answer>(path, "objects");
  const [, , plural = "", namespace = "", name = ""] = parts;
  const kind = object.data?.ref.kind ?? plural;
  return (
    <Page title={`${kind} ${name}`} trail={[["Objects", "/objects"], [namespace, `/objects?find=${namespace}`]]}>
      <Awaited of={object}>{(data) => <Yaml text={data.yaml} findings={data.findings} />}</Awaited>
    </Page>
  );
}
