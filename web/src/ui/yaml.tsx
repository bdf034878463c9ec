/** An object's YAML with numbered lines, and each finding under the line it is about. */
import type { Finding } from "../api.ts";
import { Alert } from "./states.tsx";

const SEVERITY = { error: "danger", warning: "warning", info: "info" } as const;

export function FindingNote({ finding }: { finding: Finding }) {
  return (
    <Alert severity={SEVERITY[finding.severity]} title={<>{finding.code} {finding.message}</>}>
      <p>{finding.fix}</p>
      {finding.path && <p className="hb-muted">at <code>{finding.path}</code></p>}
    </Alert>
  );
}

export function Yaml({ text, findings }: { text: string; findings: Finding[] }) {
  const lines = text.replace(/\n$/, "").split("\n");
  const elsewhere = findings.filter((finding) => !finding.line);
  return (
    <div className="hb-stack">
      {elsewhere.map((finding) => <FindingNote key={`${finding.code} ${finding.path} ${finding.message}`} finding={finding} />)}
      <ol className="hb-yaml" aria-label="YAML" tabIndex={0}>
        {lines.map((line, index) => {
          const here = findings.filter((finding) => finding.line === index + 1);
          return (
            <li key={index} className={here.length ? "hb-yaml-marked" : ""}>
              <code>{line || " "}</code>
              {here.map((finding) => <FindingNote key={`${finding.code} ${finding.message}`} finding={finding} />)}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
