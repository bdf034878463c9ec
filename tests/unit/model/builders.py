"""Model values with only what a test cares about."""

from collections.abc import Mapping
from datetime import timedelta

from hauberk.model.mesh import MeshSettings, OutboundPolicy
from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.service import EPOCH, Endpoint, EndpointSlice, Service, ServicePort, SliceAddress, protocol_of
from hauberk.model.traffic import ClientTls, DestinationRule, TlsMode, TrafficPolicy
from hauberk.model.workload import ContainerPort, Workload

ROOT = "istio-system"


def make_settings(*members: str, outbound_policy: OutboundPolicy = OutboundPolicy.ALLOW_ANY, auto_mtls: bool = True) -> MeshSettings:
    return MeshSettings(ROOT, "basic", members=frozenset(members), outbound_policy=outbound_policy, auto_mtls=auto_mtls)


def make_workload(
    name: str = "details-1",
    namespace: str = "bookinfo",
    *,
    address: str = "10.244.0.1",
    labels: Mapping[str, str] | None = None,
    sidecar: bool = True,
    account: str = "",
    ports: Mapping[str, int] | None = None,
) -> Workload:
    """Labels default to `app: <name up to the dash>`; the account to `bookinfo-<app>`."""
    app = name.partition("-")[0]
    return Workload(
        namespace,
        name,
        address,
        service_account=account or f"bookinfo-{app}",
        labels={"app": app} if labels is None else labels,
        ports=tuple(ContainerPort(port, number) for port, number in (ports or {}).items()),
        tls_mode="istio" if sidecar else "",
        canonical_name=app,
    )


def make_service(
    name: str = "details",
    namespace: str = "bookinfo",
    *ports: tuple[str, int, int | str],
    vip: str = "10.96.0.1",
    selector: Mapping[str, str] | None = None,
    age: int = 0,
) -> Service:
    """Ports are (name, number, target), by default `http` 9080; `age` in days, the more the older."""
    return Service(
        namespace,
        name,
        f"{name}.{namespace}.svc.cluster.local",
        vip=vip,
        ports=tuple(
            ServicePort(port, number, target, protocol_of(port, number)) for port, number, target in ports or (("http", 9080, 9080),)
        ),
        selector={"app": name} if selector is None else selector,
        created=EPOCH - timedelta(days=age),
    )


def make_slice(service: str, *workloads: Workload, ports: Mapping[str, int] | None = None, namespace: str = "bookinfo") -> EndpointSlice:
    addresses = tuple(SliceAddress(workload.address, workload.name) for workload in workloads)
    return EndpointSlice(namespace, f"{service}-x", service, addresses, {"http": 9080} if ports is None else ports)


def make_endpoint(workload: Workload | None = None, **ports: int) -> Endpoint:
    return Endpoint(workload.address if workload else "192.0.2.1", ports or {"http": 9080}, workload)


def make_policy(
    name: str = "default",
    namespace: str = ROOT,
    mode: MtlsMode = MtlsMode.UNSET,
    *,
    selector: Mapping[str, str] | None = None,
    ports: Mapping[int, MtlsMode] | None = None,
    age: int = 0,
) -> PeerAuthentication:
    return PeerAuthentication(namespace, name, mode, selector or {}, ports or {}, EPOCH - timedelta(days=age))


def make_rule(
    name: str = "details",
    namespace: str = "bookinfo",
    host: str = "details.bookinfo.svc.cluster.local",
    mode: TlsMode | None = None,
    *,
    policy: TrafficPolicy | None = None,
    export_to: tuple[str, ...] = (),
    age: int = 0,
    **fields: object,
) -> DestinationRule:
    """A rule with `mode` as its tls, or with a whole `policy`."""
    given = TrafficPolicy(ClientTls(mode)) if mode is not None else policy
    return DestinationRule(namespace, name, host, given, export_to=export_to, created=EPOCH - timedelta(days=age), **fields)  # type: ignore[arg-type]
