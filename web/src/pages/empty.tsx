/** No mesh yet: what to type next. */
import { EmptyState } from "../ui/states.tsx";
import { Page } from "../ui/page.tsx";

const NEXT = `eval "$(hauberk env)"
kubectl create namespace istio-system
kubectl apply -f - <<EOF
apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {name: basic, namespace: istio-system}
spec: {version: v2.1}
EOF`;

export function EmptyMesh({ hint }: { hint: string }) {
  return (
    <Page title="No mesh yet">
      <EmptyState icon="info" title="There is no ServiceMeshControlPlane">
        {hint ? <p className="hb-lines">{hint}</p> : <p>A mesh begins with a ServiceMeshControlPlane. In a terminal:</p>}
        {!hint.includes("kubectl") && <pre className="hb-command" tabIndex={0}>{NEXT}</pre>}
        <p className="hb-muted">This page shows the mesh as soon as it is there.</p>
      </EmptyState>
    </Page>
  );
}
