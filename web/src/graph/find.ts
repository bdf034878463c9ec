/** Find and Hide: Kiali's little language, as far as it is about mTLS.
 *
 *   expression = all ("OR" all)*;  all = term ("AND" term)*;  term = ["!"] operand [operator value]
 *   operands with a value: principal, sourceprincipal, destprincipal, namespace, name, app, version, protocol
 *   operands without:      mtls (everything on the edge was mTLS), plaintext, refused, outside, sidecar
 *   operators:             = != *= (contains) !*= ^= (begins) $= (ends)
 *
 * A single word that is no operand is looked for in names. `mtls` and `!mtls` leave no edge out: what was only partly mTLS is `!mtls`.
 */
import type { GraphEdge, GraphNode } from "../api.ts";

export interface EdgeInPlace {
  edge: GraphEdge;
  source: GraphNode | undefined;
  target: GraphNode | undefined;
}

export interface Matcher {
  node: (node: GraphNode) => boolean;
  edge: (edge: EdgeInPlace) => boolean;
}

export type Parsed = { matcher: Matcher; problem: null } | { matcher: null; problem: string | null };

type Texts = (one: string) => boolean;

const NOTHING: Matcher = { node: () => false, edge: () => false };

const FLAGS: Record<string, Partial<Matcher>> = {
  mtls: { edge: ({ edge }) => edge.security === "mtls" },
  plaintext: { edge: ({ edge }) => edge.counts.plaintextConnections > 0 || edge.security === "plaintext" },
  refused: { edge: ({ edge }) => edge.counts.refusedConnections > 0 || edge.security === "refused" },
  outside: { node: (node) => node.type === "outside" },
  sidecar: { node: (node) => node.sidecar === true },
};

const nodeTexts = (read: (node: GraphNode) => string | null | undefined): ((texts: Texts) => Matcher) => (texts) => {
  const holds = (node: GraphNode | undefined): boolean => node !== undefined && texts(read(node) ?? "");
  return { node: holds, edge: ({ source, target }) => holds(source) || holds(target) };
};
const edgeTexts = (read: (edge: GraphEdge) => string[]): ((texts: Texts) => Matcher) => (texts) => ({
  node: () => false,
  edge: ({ edge }) => read(edge).some(texts),
});

const VALUES: Record<string, (texts: Texts) => Matcher> = {
  namespace: nodeTexts((node) => node.namespace),
  name: nodeTexts((node) => `${node.name} ${node.knownAs ?? ""}`),
  app: nodeTexts((node) => node.app),
  version: nodeTexts((node) => node.version),
  principal: edgeTexts((edge) => [...edge.principals.source, ...edge.principals.destination]),
  sourceprincipal: edgeTexts((edge) => edge.principals.source),
  destprincipal: edgeTexts((edge) => edge.principals.destination),
  protocol: edgeTexts((edge) => [edge.protocol]),
};

const OPERATORS: Record<string, (value: string) => Texts> = {
  "=": (value) => (text) => text === value,
  "*=": (value) => (text) => text.includes(value),
  "^=": (value) => (text) => text.startsWith(value),
  "$=": (value) => (text) => text.endsWith(value),
};

export const OPERANDS: readonly string[] = ["mtls", "!mtls", "plaintext", "refused", "principal *= ", "namespace = ", "name *= ", "outside", "!sidecar"];

/** What `text` asks for; nothing for an empty text, and in words what is wrong where it is no expression. */
export function parseFind(text: string): Parsed {
  const trimmed = text.trim();
  if (!trimmed) return { matcher: null, problem: null };
  const alternatives: Matcher[] = [];
  for (const all of trimmed.split(/\s+OR\s+/i)) {
    const terms: Matcher[] = [];
    for (const term of all.split(/\s+AND\s+/i)) {
      const parsed = parseTerm(term.trim());
      if (typeof parsed === "string") return { matcher: null, problem: parsed };
      terms.push(parsed);
    }
    alternatives.push(joined(terms, "every"));
  }
  return { matcher: joined(alternatives, "some"), problem: null };
}

function joined(matchers: Matcher[], how: "every" | "some"): Matcher {
  return {
    node: (node) => matchers[how]((one) => one.node(node)),
    edge: (edge) => matchers[how]((one) => one.edge(edge)),
  };
}

function parseTerm(term: string): Matcher | string {
  const withValue = /^(!?)\s*(\w+)\s*(!?)([*^$]?=)\s*(.*)$/.exec(term);
  if (withValue) {
    const [, not = "", operand = "", notOperator = "", operator = "", value = ""] = withValue;
    const make = VALUES[operand.toLowerCase()];
    if (!make) return `“${operand}” is not known. Known are ${Object.keys(VALUES).join(", ")}.`;
    const texts = OPERATORS[operator]?.(value.toLowerCase()) ?? (() => false);
    const matcher = make((text) => texts(text.toLowerCase()));
    return Boolean(not) !== Boolean(notOperator) ? negated(matcher, make(() => true)) : matcher;
  }
  const flag = /^(!?)\s*(\w+)$/.exec(term);
  const known = flag && FLAGS[flag[2]?.toLowerCase() ?? ""];
  if (flag && known) {
    const matcher = { ...NOTHING, ...known };
    return flag[1] ? negated(matcher, { node: known.node ? () => true : () => false, edge: known.edge ? () => true : () => false }) : matcher;
  }
  if (/^[\w./:-]+$/.test(term)) return VALUES.name?.((text) => text.toLowerCase().includes(term.toLowerCase())) ?? NOTHING;
  return `“${term}” is no expression. Try mtls, !mtls, namespace = bookinfo, principal *= reviews; join with AND, OR.`;
}

/** Not `matcher`, but only for what the operand is about (`among`): `!mtls` is about edges, and finds no node. */
function negated(matcher: Matcher, among: Matcher): Matcher {
  return {
    node: (node) => among.node(node) && !matcher.node(node),
    edge: (edge) => among.edge(edge) && !matcher.edge(edge),
  };
}
