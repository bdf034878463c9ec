/** How an edge is secured, as measured: sign, word and colour say the same. */
import type { GraphEdge, Security } from "../api.ts";
import { Label, type Tone } from "./parts.tsx";
import type { IconName } from "./icons.tsx";
import { securityWord } from "../graph/words.ts";

const LOOK: Record<Security, [Tone, IconName]> = {
  mtls: ["green", "lock"],
  mixed: ["orange", "lockOpen"],
  tls: ["blue", "lock"],
  plaintext: ["orange", "lockOpen"],
  refused: ["red", "refused"],
  unknown: ["grey", "info"],
};

export function SecurityLabel({ edge }: { edge: GraphEdge }) {
  const [tone, icon] = LOOK[edge.security];
  return <Label tone={tone} icon={icon}>{securityWord(edge)}</Label>;
}
