"""Names that several parts must spell alike: labels, annotations, ports, paths, type URLs.

This module holds constants only. Anyone may import it; it imports nothing.
Sources: Istio (annotations, ports, SDS names), OpenShift Service Mesh (maistra.io labels), Envoy (type URLs).
"""

from typing import Final

# -- Domains and addresses --------------------------------------------------------------------------------------------
CLUSTER_DOMAIN: Final = "cluster.local"
DEFAULT_TRUST_DOMAIN: Final = "cluster.local"
ROUTE_DOMAIN: Final = "apps.localhost"
"""Route hosts are `<name>-<namespace>.apps.localhost`; curl and browsers resolve `*.localhost` to loopback (RFC 6761 6.3)."""
POD_CIDR: Final = "10.244.0.0/16"
SERVICE_CIDR: Final = "10.96.0.0/16"
DNS_VIP: Final = "10.96.0.10"
API_VIP: Final = "10.96.0.1"
"""Service default/kubernetes, by which pods reach the API (the first address of the range, as on any cluster)."""
NODE_ADDRESS: Final = "10.244.0.1"
"""The node itself among its pods (`hostIP`); never given to a pod."""
POD_GATEWAY: Final = "169.254.1.1"
"""Link-local next hop of every pod, as Calico uses it."""

# -- Ports (Istio: "Ports used by Istio") -----------------------------------------------------------------------------
OUTBOUND_PORT: Final = 15001
INBOUND_PORT: Final = 15006
HBONE_PORT: Final = 15008
MERGED_STATUS_PORT: Final = 15020
STATUS_PORT: Final = 15021
PROMETHEUS_PORT: Final = 15090
INBOUND_EXCLUDED_PORTS: Final = (MERGED_STATUS_PORT, STATUS_PORT, PROMETHEUS_PORT)
SIDECAR_MARK: Final = 1337
"""SO_MARK of Envoy's own sockets, which the redirect lets pass."""
INBOUND_BIND_ADDRESS: Final = "127.0.0.6"
"""Source address of connections from the sidecar to its application (Istio's InboundPassthroughCluster)."""

# -- Containers -------------------------------------------------------------------------------------------------------
PROXY_CONTAINER: Final = "istio-proxy"
PROXY_IMAGE: Final = "localhost/hauberk/proxyv2"
NO_IMAGE: Final = "localhost/none"
"""The image of a container that brings its own `command`."""

# -- Paths inside the sidecar's mount namespace -----------------------------------------------------------------------
PROXY_DIR: Final = "/etc/istio/proxy"
"""Bootstrap, admin socket; private to the sidecar, on the pod's tmpfs."""
BOOTSTRAP_PATH: Final = f"{PROXY_DIR}/envoy-rev.json"
ADMIN_SOCKET_PATH: Final = f"{PROXY_DIR}/admin.sock"
CREDENTIALS_DIR: Final = "/var/run/secrets/workload-spiffe-credentials"
"""`current` in it is a link to a folder with CERT_CHAIN_FILE, KEY_FILE, ROOT_CERT_FILE and the two SDS files; renewal renames the link."""
CREDENTIALS_CURRENT: Final = f"{CREDENTIALS_DIR}/current"
CERT_CHAIN_FILE: Final = "cert-chain.pem"
KEY_FILE: Final = "key.pem"
ROOT_CERT_FILE: Final = "root-cert.pem"
CRL_FILE: Final = "ca-crl.pem"
MESH_SOCKET_DIR: Final = "/var/run/hauberk"
"""The mesh's folder of sockets, bound into every sidecar."""
XDS_SOCKET: Final = "xds.sock"
CA_SOCKET: Final = "ca.sock"
CA_MTLS_SOCKET: Final = "ca-mtls.sock"
"""The CA for callers that prove themselves by the certificate that they have."""
SERVICE_ACCOUNT_DIR: Final = "/var/run/secrets/kubernetes.io/serviceaccount"

# -- SDS (Istio's secret names) ---------------------------------------------------------------------------------------
SDS_CERTIFICATE: Final = "default"
SDS_ROOT: Final = "ROOTCA"
SDS_CERTIFICATE_FILE: Final = "sds-default.json"
SDS_ROOT_FILE: Final = "sds-root.json"
"""Discovery responses beside the PEM files in CREDENTIALS_CURRENT, which Envoy reads by `path_config_source`."""

# -- Secrets and ConfigMaps of a mesh ---------------------------------------------------------------------------------
CA_SECRET: Final = "istio-ca-secret"  # noqa: S105 - the name of a Secret, not a secret
CACERTS_SECRET: Final = "cacerts"  # noqa: S105
CA_IN_USE_SECRET: Final = "hauberk-ca-in-use"  # noqa: S105
"""What signs now and what is trusted now, written by us alone: `cacerts` is what the user wants, and may be something else by now."""
CA_SECRETS: Final = (CA_SECRET, CACERTS_SECRET, CA_IN_USE_SECRET)
ROOT_CONFIG_MAP: Final = "istio-ca-root-cert"
CA_AUDIENCE: Final = "istio-ca"
"""Audience of the ServiceAccount token by which a workload proves itself to the CA."""

# -- Labels and annotations -------------------------------------------------------------------------------------------
LABEL_MEMBER_OF: Final = "maistra.io/member-of"
LABEL_OWNER: Final = "maistra.io/owner"
LABEL_OWNER_NAME: Final = "maistra.io/owner-name"
LABEL_TLS_MODE: Final = "security.istio.io/tlsMode"
LABEL_CANONICAL_NAME: Final = "service.istio.io/canonical-name"
LABEL_CANONICAL_REVISION: Final = "service.istio.io/canonical-revision"
LABEL_ISTIO_REV: Final = "istio.io/rev"
LABEL_ISTIO_INJECTION: Final = "istio-injection"
INJECTION_ENABLED: Final = "enabled"
"""On a namespace: upstream Istio's way to ask for sidecars, by which a cluster-wide mesh finds its members."""
INJECT: Final = "sidecar.istio.io/inject"
USER_VOLUME: Final = "sidecar.istio.io/userVolume"
USER_VOLUME_MOUNT: Final = "sidecar.istio.io/userVolumeMount"
"""On a pod: JSON lists of volumes, and of where the sidecar mounts them."""
ANNOTATION_SIDECAR_STATUS: Final = "sidecar.istio.io/status"
ANNOTATION_MESH: Final = "hauberk.io/mesh"
"""On an injected pod: the ServiceMeshControlPlane that it belongs to, `namespace/name`."""
ANNOTATION_ENFORCED: Final = "hauberk.io/enforced"
"""On a NetworkPolicy: the node passes over it where the value begins with `false`."""
ANNOTATION_CERTIFICATE: Final = "hauberk.io/certificate"
"""On a pod with an Envoy, by its agent: which roots, revocation lists and issuer it has (`pki.rotation.Held`)."""
ANNOTATION_ISSUER: Final = "hauberk.io/ca-issuer"
"""On ConfigMap `istio-ca-root-cert`: fingerprint of the CA certificate that signs now; a workload with another one asks anew."""
ANNOTATION_ROTATION: Final = "hauberk.io/ca-rotation"
"""On Secret `hauberk-ca-in-use`: how far a change of the CA is, in words, empty when it is done."""
INBOUND: Final = "hauberk.io/inbound"
"""Annotation or label of a pod or namespace, annotation of a ServiceMeshControlPlane: `auto`, `http` or `tcp`."""
COMPLIANCE_POLICY: Final = "hauberk.io/compliance-policy"
"""Annotation of a ServiceMeshControlPlane: what istiod's COMPLIANCE_POLICY says; `pqc` demands post-quantum key exchange."""
TLS_MODE_ISTIO: Final = "istio"

# -- xDS type URLs ----------------------------------------------------------------------------------------------------
_V3 = "type.googleapis.com/envoy.config"
TYPE_CLUSTER: Final = f"{_V3}.cluster.v3.Cluster"
TYPE_ENDPOINT: Final = f"{_V3}.endpoint.v3.ClusterLoadAssignment"
TYPE_LISTENER: Final = f"{_V3}.listener.v3.Listener"
TYPE_ROUTE: Final = f"{_V3}.route.v3.RouteConfiguration"
TYPE_VIRTUAL_HOST: Final = f"{_V3}.route.v3.VirtualHost"
TYPE_SECRET: Final = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105
TRANSPORT_SOCKET_MATCH: Final = "envoy.transport_socket_match"
"""Filter metadata key by which an endpoint says which transport socket reaches it; `tlsMode: istio` means mesh mTLS."""

# -- Users of the API -------------------------------------------------------------------------------------------------
GROUP_MASTERS: Final = "system:masters"
GROUP_NODES: Final = "system:nodes"
USER_CONTROL_PLANE: Final = "system:hauberk:control-plane"
NODE_NAME: Final = "local"
USER_NODE: Final = f"system:node:{NODE_NAME}"
