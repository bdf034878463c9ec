"""A small mesh for discovery: settings, services with a workload each, a CA, and certificates."""

from datetime import UTC, datetime, timedelta

from cryptography import x509

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.service import EndpointSlice, Protocol, Service, ServicePort, SliceAddress
from hauberk.model.workload import ContainerPort, Workload
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.keys import make_key
from hauberk.pki.svid import X509Svid
from hauberk.view.changes import Change, Put
from hauberk.xds.server import ServerCredentials

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRUST_DOMAIN = TrustDomain("cluster.local")
SETTINGS = MeshSettings("istio-system", "basic", TRUST_DOMAIN, members=frozenset({"books"}))


def make_workload(name: str, address: str, *, namespace: str = "books", account: str = "") -> Workload:
    return Workload(
        namespace,
        name,
        address,
        service_account=account or name,
        labels={"app": name},
        ports=(ContainerPort("http", 9080),),
        tls_mode="istio",
        canonical_name=name,
    )


def make_service(name: str, vip: str, *, namespace: str = "books") -> Service:
    port = ServicePort("http", 9080, 9080, Protocol.HTTP)
    return Service(namespace, name, f"{name}.{namespace}.svc.cluster.local", vip, (port,), selector={"app": name})


def make_slice(name: str, *pods: tuple[str, str], namespace: str = "books") -> EndpointSlice:
    """`pods` are (pod name, address)."""
    return EndpointSlice(namespace, f"{name}-x", name, tuple(SliceAddress(address, pod) for pod, address in pods), {"http": 9080})


def make_policy(mode: MtlsMode) -> PeerAuthentication:
    return PeerAuthentication("istio-system", "default", mode)


def small_mesh() -> list[Change]:
    """Services `details` and `reviews`, a pod each."""
    objects = [
        make_workload("details", "10.244.0.5"),
        make_workload("reviews", "10.244.0.6"),
        make_service("details", "10.96.0.5"),
        make_service("reviews", "10.96.0.6"),
        make_slice("details", ("details", "10.244.0.5")),
        make_slice("reviews", ("reviews", "10.244.0.6")),
    ]
    return [Put(one) for one in objects]


def node_id(name: str, address: str, namespace: str = "books") -> str:
    return f"sidecar~{address}~{name}.{namespace}~{namespace}.svc.cluster.local"


def identity(name: str, namespace: str = "books") -> str:
    return f"spiffe://cluster.local/ns/{namespace}/sa/{name}"


def make_ca(now: datetime) -> SigningCa:
    return self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=now, serial=x509.random_serial_number())


def issue(ca: SigningCa, spiffe_id: str, now: datetime, *dns_names: str) -> X509Svid:
    """A certificate that serves and asks alike."""
    return ca.issue_server(make_key(), SpiffeId.parse(spiffe_id), dns_names, now=now, serial=x509.random_serial_number())


def server_credentials(ca: SigningCa, now: datetime) -> ServerCredentials:
    host = "istiod-basic.istio-system.svc"
    return ServerCredentials(issue(ca, identity("istiod-basic", "istio-system"), now, host, "istiod.istio-system.svc"), ca.bundle)


def milliseconds(number: float) -> timedelta:
    return timedelta(milliseconds=number)
