"""The mesh of the bench, and what is changed in it: services in ten namespaces, two endpoints each (facts: 1,000 and 2,000)."""

from datetime import UTC, datetime

from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.service import EndpointSlice, Protocol, Service, ServicePort, SliceAddress
from hauberk.model.traffic import ClientTls, DestinationRule, TlsMode, TrafficPolicy
from hauberk.model.workload import Workload
from hauberk.view.changes import Change, Put

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACES = 10
DOMAIN = TrustDomain("cluster.local")
SETTINGS = MeshSettings("istio-system", "basic", DOMAIN, members=frozenset(f"ns{index}" for index in range(NAMESPACES)))
PORT = ServicePort("http", 8080, 8080, Protocol.HTTP)
CHANGES = ("endpoint", "destination-rule", "strict", "service")


def service_of(index: int) -> Service:
    namespace, name = f"ns{index % NAMESPACES}", f"svc{index}"
    return Service(namespace, name, f"{name}.{namespace}.svc.cluster.local", f"10.96.{index // 256}.{index % 256}", (PORT,), {"app": name})


def pods_of(index: int) -> list[Workload]:
    namespace, name = f"ns{index % NAMESPACES}", f"svc{index}"
    return [
        Workload(namespace, f"{name}-{copy}", f"10.{copy}.{index // 256}.{index % 256}", labels={"app": name}, tls_mode="istio")
        for copy in (1, 2)
    ]


def slice_of(index: int, *, ends: int = 2) -> EndpointSlice:
    ready = tuple(SliceAddress(pod.address, pod.name) for pod in pods_of(index)[:ends])
    return EndpointSlice(f"ns{index % NAMESPACES}", f"svc{index}-x", f"svc{index}", ready, {"http": 8080})


def everything(services: int) -> list[Change]:
    found: list[Change] = []
    for index in range(services):
        found += [Put(service_of(index)), *(Put(pod) for pod in pods_of(index)), Put(slice_of(index))]
    return found


def proxies(count: int, services: int) -> list[tuple[str, str]]:
    """(namespace, node id) of the pods whose sidecars connect: the first of each service, then the second."""
    pods = [pods_of(index % services)[index // services] for index in range(count)]
    return [(pod.namespace, f"sidecar~{pod.address}~{pod.name}.{pod.namespace}~x") for pod in pods]


def change(name: str, turn: int) -> list[Change]:
    """A change of the mesh; `turn` tells repetitions apart, each of which changes something."""
    if name == "endpoint":
        return [Put(slice_of(3, ends=1 + turn % 2))]
    if name == "strict":
        return [Put(PeerAuthentication("istio-system", "default", MtlsMode.PERMISSIVE if turn % 2 else MtlsMode.STRICT))]
    if name == "destination-rule":
        tls = ClientTls(TlsMode.DISABLE if turn % 2 == 0 else TlsMode.ISTIO_MUTUAL)
        return [Put(DestinationRule("ns5", "one", service_of(5).hostname, TrafficPolicy(tls=tls)))]
    new = f"new{turn}"
    return [Put(Service("ns0", new, f"{new}.ns0.svc.cluster.local", f"10.97.0.{turn + 1}", (PORT,), {"app": new}))]
