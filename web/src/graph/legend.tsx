/** What the graph's shapes and lines mean. */
import type { ReactNode } from "react";

const SHAPES: readonly (readonly [string, ReactNode])[] = [
  ["workload", <circle key="w" cx="14" cy="9" r="6.5" />],
  ["Service", <path key="s" d="M14 2l7 7-7 7-7-7z" />],
  ["gateway", <path key="g" d="M6 3h11l6 6-6 6H6z" />],
  ["outside service", <path key="x" d="M4 3h14l6 12H10z" />],
  ["client outside the mesh", <path key="o" d="M9 3h10l4 6-4 6H9L5 9z" strokeDasharray="3 2" />],
  ["workload without sidecar", <circle key="n" cx="14" cy="9" r="6.5" strokeDasharray="3 2" />],
];

const LINES: readonly (readonly [string, string, string, string])[] = [
  ["padlock: everything was mTLS", "mtls", "", "M24 9l-6-3v6z"],
  ["open padlock and share: partly mTLS", "mixed", "5 3", "M24 9l-6-3v6z"],
  ["plaintext", "plaintext", "1.5 3", "M24 9l-6-3v6z"],
  ["refused attempts", "refused", "5 3", "M23 3v12"],
  ["TLS without a mesh identity", "tls", "", "M24 9l-6-3v6z"],
  ["no traffic measured", "unknown", "", "M24 9l-6-3v6z"],
];

export function Legend() {
  return (
    <div className="hb-legend" role="region" aria-label="Legend">
      <ul role="list">
        {SHAPES.map(([text, shape]) => (
          <li key={text}><svg width="28" height="18" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">{shape}</svg> {text}</li>
        ))}
      </ul>
      <ul role="list">
        {LINES.map(([text, kind, dash, end]) => (
          <li key={text}>
            <svg width="28" height="18" className={`hb-line-${kind}`} stroke="currentColor" fill="currentColor" aria-hidden="true">
              <path d="M2 9h20" strokeDasharray={dash} strokeWidth={kind === "plaintext" ? 3 : 2} />
              <path d={end} strokeWidth="2" />
            </svg>{" "}
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
