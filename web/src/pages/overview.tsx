/** A card a namespace: the mode and where it comes from, who has a sidecar, what was measured, what expires, what is wrong. */
import type { NamespaceCard, Overview } from "../api.ts";
import type { PlaceProps } from "../app.tsx";
import { plural, shareText, shortIdentity } from "../format.ts";
import { useLive } from "../live.ts";
import { Link } from "../router.tsx";
import { Page } from "../ui/page.tsx";
import { Card, Fact, Facts, FindingCounts, Label, Mode, RefLink } from "../ui/parts.tsx";
import { Awaited, EmptyState } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { WindowChooser } from "../ui/window.tsx";

const FROM: Record<NamespaceCard["from"], string> = {
  own: "its own policy",
  inherited: "inherited from the mesh",
  smcp: "from the ServiceMeshControlPlane",
  default: "by default: no policy says otherwise",
};

export function OverviewPage({ mesh, window }: PlaceProps) {
  const overview = useLive<Overview>(`/api/overview?${new URLSearchParams({ mesh, window })}`, "overview");
  return (
    <Page title="Overview" tools={<WindowChooser />}>
      <Awaited of={overview}>
        {({ namespaces }) => (
          <>
            <div className="hb-cards">{namespaces.map((one) => <Namespace key={one.name} of={one} />)}</div>
            {!namespaces.some((one) => one.role === "member") && <NoMembers mesh={mesh} />}
          </>
        )}
      </Awaited>
    </Page>
  );
}

function NoMembers({ mesh }: { mesh: string }) {
  const [namespace] = mesh.split("/");
  return (
    <EmptyState icon="info" title="No namespace is a member of this mesh">
      <p>Add one, and its workloads get sidecars:</p>
      <pre className="hb-command" tabIndex={0}>{`kubectl create namespace bookinfo
kubectl apply -n ${namespace} -f - <<EOF
apiVersion: maistra.io/v1
kind: ServiceMeshMemberRoll
metadata: {name: default}
spec: {members: [bookinfo]}
EOF`}</pre>
    </EmptyState>
  );
}

function Namespace({ of }: { of: NamespaceCard }) {
  const { workloads, nextExpiry } = of;
  return (
    <Card title={of.name} actions={of.role === "controlPlane" ? <Label tone="blue">control plane</Label> : undefined}>
      <Facts>
        <Fact name="mTLS">
          <div><Mode mode={of.mode} /></div>
          <div className="hb-muted">{FROM[of.from]}{of.decidedBy && <>: <RefLink of={of.decidedBy} /></>}</div>
        </Fact>
        <Fact name="Workloads">
          <Link to={`/workloads?find=${encodeURIComponent(of.name)}`}>{plural(workloads.withSidecar, "with sidecar", "with sidecar")}</Link>
          {workloads.withoutSidecar > 0 && <> · <Label tone="orange" icon="warning">{workloads.withoutSidecar} without</Label></>}
        </Fact>
        <Fact name="Traffic"><Traffic of={of} /></Fact>
        <Fact name="Next expiry">
          {nextExpiry ? <><Time at={nextExpiry.notAfter} /><div className="hb-muted hb-cut" title={nextExpiry.identity}>{nextExpiry.workload || shortIdentity(nextExpiry.identity)}</div></> : <span className="hb-muted">no certificate yet</span>}
        </Fact>
        <Fact name="Findings"><FindingCounts of={of.findings} /></Fact>
      </Facts>
    </Card>
  );
}

/** The share in words and as a bar; what is not mTLS is named, each kind. */
function Traffic({ of }: { of: NamespaceCard }) {
  const { traffic } = of;
  const total = traffic.mtls + traffic.plaintext + traffic.tls;
  const others = [
    traffic.plaintext > 0 && `${traffic.plaintext.toLocaleString("en")} plaintext`,
    traffic.tls > 0 && `${traffic.tls.toLocaleString("en")} TLS without a mesh identity`,
  ].filter(Boolean);
  return (
    <>
      {total === 0 ? (
        <span className="hb-muted">none measured in this window</span>
      ) : (
        <>
          <div>{traffic.share === 1 ? "all" : traffic.share === 0 ? "none" : traffic.shareText ?? shareText(traffic.share)} of {plural(total, traffic.unit.replace(/s$/, ""))} with mTLS</div>
          <div className="hb-bar" aria-hidden="true"><span style={{ inlineSize: `${(traffic.mtls / total) * 100}%` }} /></div>
          {others.length > 0 && <div>{others.join(", ")}</div>}
        </>
      )}
      {traffic.refused > 0 && <div><Label tone="red" icon="refused">{traffic.refused.toLocaleString("en")} refused</Label></div>}
    </>
  );
}
