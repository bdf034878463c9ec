"""The sections of a ServiceMeshControlPlane beside `security`: tracing, add-ons, gateways, proxies.

Implemented: which parts there are (they decide about policies that the mesh comes with), the gateways, injection, what a sidecar
does with unknown destinations. Source: maistra istio-operator pkg/apis/maistra/v2/{tracing,addons,gateways,proxy}.go.
"""

from typing import Annotated, Literal

from pydantic import Field

from hauberk.k8s.models import LATER, LaterFlag, LaterList, LaterNumber, LaterObject, LaterText, Part, UInt32

__all__ = ["Addons", "Gateways", "Policy", "Proxy", "Telemetry", "Tracing"]


class Tracing(Part):
    """Tracing."""

    type: Literal["None", "Jaeger", "Stackdriver"] | None = None
    """Jaeger (the default profile's) adds the policies that exempt its collector from mTLS."""
    sampling: Annotated[int | None, Field(ge=0, le=10000), LATER] = None


class Grafana(Part):
    """Grafana."""

    enabled: bool | None = None
    """Adds the policy for Grafana's ports; on in the default profile."""
    address: LaterText = None
    install: LaterObject = None


class JaegerStorage(Part):
    """Where Jaeger keeps traces."""

    type: Literal["Memory", "Elasticsearch"] | None = None
    """Memory is the all-in-one deployment; it decides the labels in the collector's policy."""
    memory: LaterObject = None
    elasticsearch: LaterObject = None


class JaegerInstall(Part):
    """How Jaeger is installed."""

    storage: JaegerStorage | None = None
    """Where it keeps traces."""
    ingress: LaterObject = None


class Jaeger(Part):
    """Jaeger."""

    name: str | None = None
    """Its name; `jaeger` unless said otherwise."""
    install: JaegerInstall | None = None
    """How it is installed."""


class Addon(Part):
    """A part that comes with the mesh."""

    enabled: bool | None = None
    """Whether it is there."""
    name: str | None = None
    """Of Kiali: one that is there already, which may have its own Prometheus."""
    install: LaterObject = None
    scrape: LaterFlag = None
    address: LaterText = None
    metrics_expiry_duration: LaterText = None


class Addons(Part):
    """What comes with the mesh."""

    grafana: Grafana | None = None
    """Grafana."""
    jaeger: Jaeger | None = None
    """Jaeger."""
    kiali: Addon | None = None
    """Kiali."""
    prometheus: Addon | None = None
    """Prometheus."""
    stackdriver: LaterObject = None
    three_scale: LaterObject = Field(default=None, alias="3scale")


class GatewayMetadata(Part):
    """Labels and annotations of a gateway's Service."""

    labels: dict[str, str] | None = None
    """Labels."""
    annotations: dict[str, str] | None = None
    """Annotations."""


class GatewayPort(Part):
    """A port of a gateway's Service."""

    name: str | None = None
    """Its name."""
    port: UInt32
    """The number that clients connect to."""
    target_port: int | str | None = None
    """Where the gateway listens."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP unless said otherwise."""
    node_port: LaterNumber = None
    app_protocol: LaterText = None


class GatewayService(Part):
    """A gateway's Service."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] | None = None
    """ClusterIP; the host's ports lead to it by the Route."""
    ports: list[GatewayPort] | None = None
    """Its ports."""
    metadata: GatewayMetadata | None = None
    """Its labels and annotations."""
    selector: LaterObject = None
    cluster_ip: LaterText = Field(default=None, alias="clusterIP")
    external_ips: LaterList = Field(default=None, alias="externalIPs")
    load_balancer_ip: LaterText = Field(default=None, alias="loadBalancerIP")
    session_affinity: LaterText = None
    external_traffic_policy: LaterText = None


class GatewayDeployment(Part):
    """A gateway's Deployment."""

    replicas: UInt32 | None = None
    """How many pods."""
    auto_scaling: LaterObject = None
    strategy: LaterObject = None


class GatewayRuntime(Part):
    """How a gateway runs."""

    deployment: GatewayDeployment | None = None
    """Its Deployment."""
    pod: LaterObject = None
    container: LaterObject = None


class RouteConfig(Part):
    """The Route to the ingress gateway."""

    enabled: bool | None = None
    """Whether there is one; true unless said otherwise."""


class GatewayConfig(Part):
    """A gateway."""

    enabled: bool | None = None
    """Whether there is one; true unless said otherwise."""
    service: GatewayService | None = None
    """Its Service."""
    runtime: GatewayRuntime | None = None
    """How it runs."""
    namespace: str | None = None
    """The member namespace that it runs in; the control plane's unless said otherwise."""
    volumes: LaterList = None
    router_mode: LaterText = None
    requested_network_view: LaterList = None


class IngressGateway(GatewayConfig):
    """The gateway at the mesh's edge."""

    route_config: RouteConfig | None = None
    """The Route to it."""
    ingress: LaterFlag = None
    meshnetwork: LaterList = None


class OpenshiftRoute(Part):
    """Routes made for the hosts of every Gateway."""

    enabled: bool | None = None
    """true: a Route for every host of every Gateway (IOR); off in control planes that are new at v2.5, on before."""


class Gateways(Part):
    """Gateways."""

    enabled: bool | None = None
    """Whether there are any; true unless said otherwise."""
    ingress: IngressGateway | None = None
    """The ingress gateway."""
    egress: GatewayConfig | None = None
    """The egress gateway."""
    additional_ingress: dict[str, IngressGateway] | None = None
    """More ingress gateways, by name."""
    additional_egress: dict[str, GatewayConfig] | None = None
    """More egress gateways, by name."""
    openshift_route: OpenshiftRoute | None = None
    """Routes made for the hosts of every Gateway."""


class Injection(Part):
    """Which pods get a sidecar."""

    auto_inject: bool | None = None
    """true: every pod of a member namespace; otherwise those that ask for it by `sidecar.istio.io/inject`."""


class OutboundTraffic(Part):
    """Traffic to destinations that the mesh does not know."""

    policy: Literal["ALLOW_ANY", "REGISTRY_ONLY"] | None = None
    """ALLOW_ANY passes it on as it is."""


class TrafficControl(Part):
    """What sidecars capture."""

    outbound: OutboundTraffic | None = None
    """Traffic that leaves."""
    inbound: LaterObject = None


class ProxyNetworking(Part):
    """The network of sidecars."""

    traffic_control: TrafficControl | None = None
    """What sidecars capture."""
    cluster_domain: LaterText = None
    connection_timeout: LaterText = None
    dns: LaterObject = None
    initialization: LaterObject = None
    max_connection_age: LaterText = None
    protocol: LaterObject = None


class Proxy(Part):
    """Sidecars."""

    injection: Injection | None = None
    """Which pods get one."""
    networking: ProxyNetworking | None = None
    """Their network."""
    access_logging: LaterObject = None
    admin_port: LaterNumber = None
    concurrency: LaterNumber = None
    envoy_metrics_service: LaterObject = None
    logging: LaterObject = None
    runtime: LaterObject = None


class Telemetry(Part):
    """Telemetry."""

    type: Literal["None", "Istiod", "Mixer", "Remote"] | None = None
    """Envoys count by themselves; there is no Mixer."""
    mixer: LaterObject = None
    remote: LaterObject = None


class Policy(Part):
    """Policy checks."""

    type: Literal["None", "Istiod", "Mixer", "Remote"] | None = None
    """None; there is no Mixer."""
    mixer: LaterObject = None
    remote: LaterObject = None
