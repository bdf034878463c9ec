/** What the server answers: the shapes of /api, as src/hauberk/dashboard writes them. Times are RFC 3339 in UTC. */

export interface Ref {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespace: string;
  name: string;
  rule?: "mesh" | "namespace" | "workload" | "port" | "default";
}

export interface Missing {
  what: string;
  why: string;
  how: string;
}

export interface Answer {
  asOf?: string;
  missing?: Missing[];
}

export interface Deviation {
  scope: "namespace" | "workload" | "port";
  namespace: string;
  name?: string;
  port?: number;
  mode: string;
  decidedBy: Ref | null;
  sentence: string;
}

export interface Contradiction {
  sentence: string;
  edge?: string;
  object?: Ref;
}

export type LockState = "full" | "open" | "none" | "warning";

export interface Lock {
  state: LockState;
  word: string;
  summary: string;
  kiali: string;
  autoMtls: boolean;
  decidedBy: Ref | null;
  deviations: Deviation[];
  contradictions: Contradiction[];
}

export interface Mesh {
  namespace: string;
  name: string;
  version: string;
  trustDomain: string;
  lock: Lock;
}

export interface MeshList extends Answer {
  items: Mesh[];
  hint?: string;
}

export interface FindingCount {
  error: number;
  warning: number;
}

export interface NamespaceCard {
  name: string;
  role: "controlPlane" | "member";
  mode: string;
  from: "own" | "inherited" | "smcp" | "default";
  decidedBy: Ref | null;
  tls: string;
  workloads: { withSidecar: number; withoutSidecar: number };
  traffic: {
    mtls: number;
    plaintext: number;
    tls: number;
    refused: number;
    share: number | null;
    shareText?: string;
    unit: "requests" | "connections";
  };
  nextExpiry: { workload: string; identity: string; notAfter: string } | null;
  findings: FindingCount;
}

export interface Overview extends Answer {
  namespaces: NamespaceCard[];
}

export type NodeType = "workload" | "service" | "gateway" | "external" | "outside";

export interface GraphNode {
  id: string;
  type: NodeType;
  name: string;
  namespace: string | null;
  app: string | null;
  version: string | null;
  sidecar: boolean | null;
  label: string;
  knownAs?: string | null;
  mode?: string | null;
}

export type Security = "mtls" | "mixed" | "tls" | "plaintext" | "refused" | "unknown";

export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  protocol: string;
  security: Security;
  share: number | null;
  shareText: string;
  words: string;
  counts: {
    mtlsConnections: number;
    tlsConnections: number;
    plaintextConnections: number;
    refusedConnections: number;
    requests: number;
    requestsPerSecond: number | null;
  };
  principals: { source: string[]; destination: string[] };
  tls: { version: string; cipher: string; group: string }[];
  reasons: string[];
  decidedBy: { client: Ref | null; clientSentence: string; server: Ref | null; serverSentence: string };
  lastSeen: string | null;
}

export interface Graph extends Answer {
  nodes: GraphNode[];
  edges: GraphEdge[];
  window?: number;
}

export interface Peer {
  node: GraphNode;
  edge: GraphEdge;
}

export type SyncState = "synced" | "stale" | "nack" | "notSent";

export interface WorkloadItem {
  namespace: string;
  name: string;
  kind: string;
  app: string | null;
  version: string | null;
  sidecar: boolean;
  mode: string | null;
  decidedBy: Ref | null;
  proxy: SyncState | null;
  certificate: { notAfter: string } | null;
  findings: FindingCount;
}

export interface Certificate {
  subject: string;
  spiffeId: string | null;
  key: string;
  serial: string;
  notBefore: string;
  notAfter: string;
  daysLeft: number;
  fingerprint: string;
  issuer: string;
  isCa: boolean;
}

export interface WorkloadPort {
  port: number;
  name: string | null;
  protocol: string | null;
  mode: string;
  decidedBy: Ref | null;
  rule: string;
  sentence: string;
}

export interface ProxyType {
  type: string;
  state: SyncState;
  nack?: { resource: string; message: string; since: string } | null;
}

export interface Workload extends Omit<WorkloadItem, "certificate" | "proxy">, Answer {
  identity: string | null;
  ports: WorkloadPort[];
  certificate: { chain: Certificate[] } | null;
  proxy: { state: SyncState; types: ProxyType[] } | null;
  inbound: Peer[];
  outbound: Peer[];
  pods: { name: string; ip: string | null; ready: boolean; proxy: SyncState | null }[];
}

export interface ServiceItem {
  namespace: string;
  name: string;
  hosts?: string[];
  ports?: { port: number; name: string | null; protocol: string | null }[];
  findings?: FindingCount;
}

export interface ServicePort {
  port: number;
  targetPort: number | string | null;
  name: string | null;
  protocol: string | null;
  client: { tls: string; decidedBy: Ref | null; sentence: string };
  servers: { workload: string; mode: string; decidedBy: Ref | null }[];
  outcome: { word: string; sentence: string };
}

export interface Service extends Answer {
  namespace: string;
  name: string;
  hosts: string[];
  ports: ServicePort[];
  workloads: { namespace: string; name: string }[];
  inbound: Peer[];
}

export interface Leaf {
  namespace: string;
  pod: string;
  workload: string;
  identity: string;
  notBefore: string;
  notAfter: string;
  issuer: string;
  serial: string;
  fromCurrentIssuer: boolean;
}

export interface Certificates extends Answer {
  root: Certificate[];
  issuer: Certificate | null;
  source: "selfSigned" | "pluggedIn";
  sourceSentence: string;
  secret: Ref | null;
  rotation: { step: string; sentence: string; waitingFor: number } | null;
  leaves: Leaf[];
}

export interface Finding {
  code: string;
  severity: "error" | "warning" | "info";
  message: string;
  fix: string;
  path: string;
  object: Ref;
  line?: number | null;
}

export interface ObjectItem {
  ref: Ref;
  created: string;
  findings: Finding[];
}

export interface ObjectPage extends Answer {
  ref: Ref;
  yaml: string;
  findings: Finding[];
}

export interface Items<T> extends Answer {
  items: T[];
}

/** What went wrong, in the server's words. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly how: string = "",
  ) {
    super(message);
  }
}

/** GET `path`; the browser asks with the ETag it has, so an answer that has not changed costs no body. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { cache: "no-cache", headers: { accept: "application/json" }, signal: signal ?? null });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("The server does not answer.", 0, "Is the mesh up? hauberk status tells, hauberk up starts it.");
  }
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as T;
}

/** Spend the one-time token for a session cookie. */
export async function login(token: string): Promise<void> {
  const answer = await fetch("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!answer.ok) throw await problemOf(answer);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const said = (await answer.json()) as { message?: string; how?: string };
    return new Problem(said.message ?? answer.statusText, answer.status, said.how ?? "");
  } catch {
    return new Problem(`${answer.status} ${answer.statusText}`, answer.status);
  }
}
