"""DestinationRule: what clients send to a host. Implemented: host, subsets, exportTo; tls, load balancer, pool, outliers, also by port.

Source: istio/api networking/v1alpha3/destination_rule.proto; istio pkg/config/validation `ValidateTLS`.
"""

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field

from hauberk.k8s.istio.hosts import check_export, check_host
from hauberk.k8s.istio.load_balancer import LoadBalancerSettings, check_load_balancer
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import Duration, LaterFlag, LaterNumber, LaterObject, LaterText, Part, UInt32
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, port_number

__all__ = ["ClientTlsSettings", "DestinationRuleSpec", "PortSelector", "TrafficPolicy", "check_destination_rule"]

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""Istio's int32, of which its validation takes no negative ones."""
Percent = Annotated[int, Field(ge=0, le=100)]


class ClientTlsSettings(Part):
    """TLS of connections to the host."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] | None = None
    """DISABLE sends plaintext, SIMPLE and MUTUAL TLS with certificates from files, ISTIO_MUTUAL with the mesh's own."""
    client_certificate: str | None = None
    """MUTUAL: path of the client's certificate chain, as the sidecar sees it."""
    private_key: str | None = None
    """MUTUAL: path of the client's key."""
    ca_certificates: str | None = None
    """SIMPLE and MUTUAL: path of the roots that the server's certificate must come from; without it the system's."""
    subject_alt_names: list[str] | None = None
    """Names of which the server's certificate must have one."""
    sni: str | None = None
    """The server name that is sent in the handshake."""
    credential_name: str | None = None
    """A Secret; sidecars do not take it."""
    insecure_skip_verify: LaterFlag = None
    ca_crl: LaterText = None


class WorkloadSelector(Part):
    """Clients, by the labels of their pods."""

    match_labels: dict[str, str] | None = None
    """Labels that a pod must all have, in the rule's own namespace."""


class PortSelector(Part):
    """A port of a Service."""

    number: UInt32 | None = None
    """The Service's port number."""


class TcpKeepalive(Part):
    """Probes on idle connections."""

    time: Duration | None = None
    """How long a connection is idle before the first."""
    probes: LaterNumber = None
    interval: LaterText = None


class TcpSettings(Part):
    """Limits on connections."""

    max_connections: Count | None = None
    """How many at most."""
    connect_timeout: Duration | None = None
    """How long connecting may take."""
    tcp_keepalive: TcpKeepalive | None = None
    """Probes on idle connections."""
    max_connection_duration: LaterText = None
    idle_timeout: LaterText = None


class HttpSettings(Part):
    """Limits on requests."""

    http1_max_pending_requests: Count | None = None
    """How many may wait for a connection."""
    http2_max_requests: Count | None = None
    """How many may be under way."""
    max_requests_per_connection: Count | None = None
    """After how many a connection is closed."""
    max_retries: Count | None = None
    """How many retries may be under way."""
    idle_timeout: Duration | None = None
    """How long a connection without requests is kept."""
    h2_upgrade_policy: LaterText = None
    use_client_protocol: LaterFlag = None
    max_concurrent_streams: LaterNumber = None


class ConnectionPoolSettings(Part):
    """Limits on what a client has open towards the host."""

    tcp: TcpSettings | None = None
    """Limits on connections."""
    http: HttpSettings | None = None
    """Limits on requests."""


class OutlierDetection(Part):
    """When an endpoint that fails is left out for a while."""

    consecutive_errors: Count | None = None
    """After how many errors (deprecated)."""
    split_external_local_origin_errors: LaterFlag = None
    consecutive_local_origin_failures: LaterNumber = None
    consecutive_gateway_errors: UInt32 | None = None
    """After how many answers of 502, 503 or 504."""
    consecutive_5xx_errors: UInt32 | None = Field(default=None, alias="consecutive5xxErrors")
    """After how many answers of 5xx; 5 by default."""
    interval: Duration | None = None
    """How often it is looked at."""
    base_ejection_time: Duration | None = None
    """How long it is left out, times how often it was."""
    max_ejection_percent: Percent | None = None
    """How many of the endpoints may be left out; 10 by default."""
    min_health_percent: Percent | None = None
    """With fewer healthy endpoints than this all are used."""


class PortTrafficPolicy(Part):
    """A traffic policy of one port: it replaces the host's for that port."""

    port: PortSelector | None = None
    """The port meant."""
    tls: ClientTlsSettings | None = None
    """TLS of connections to that port."""
    load_balancer: LoadBalancerSettings | None = None
    """How endpoints are chosen."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on what is open."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out."""


class TrafficPolicy(Part):
    """How connections to a host are made."""

    tls: ClientTlsSettings | None = None
    """TLS of connections to the host."""
    port_level_settings: list[PortTrafficPolicy] | None = None
    """Policies of single ports."""
    load_balancer: LoadBalancerSettings | None = None
    """How endpoints are chosen."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on what is open."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out."""
    tunnel: LaterObject = None
    proxy_protocol: LaterObject = None
    retry_budget: LaterObject = None


class Subset(Part):
    """Some of a host's endpoints, under a name that routes can use."""

    name: str
    """The subset's name."""
    labels: dict[str, str] | None = None
    """Labels of its endpoints."""
    traffic_policy: TrafficPolicy | None = None
    """Replaces the host's policy block by block."""


class DestinationRuleSpec(Part):
    """What clients send to a host."""

    host: str
    """A service's name, its full name, or a wildcard; short names are of the rule's own namespace."""
    traffic_policy: TrafficPolicy | None = None
    """How connections are made."""
    subsets: list[Subset] | None = None
    """Named parts of the host's endpoints."""
    export_to: list[str] | None = None
    """Namespaces whose clients see the rule: `.` its own, `*` all (the default)."""
    workload_selector: WorkloadSelector | None = None
    """The sidecars of its own namespace that follow it, and nobody else."""


_LONGEST_SNI = 255
_POLICIES = ("tls", "load_balancer", "connection_pool", "outlier_detection")
_IGNORED = ("client_certificate", "private_key", "ca_certificates", "credential_name", "insecure_skip_verify", "ca_crl")
"""Of these ISTIO_MUTUAL takes none: certificates are the mesh's. `sni` and `subjectAltNames` it honours, as Istio does."""


def check_destination_rule(obj: Manifest, review: Review) -> None:
    """Check host, subsets, exports and every traffic policy, with Istio's texts."""
    spec = DestinationRuleSpec.model_validate(obj.get("spec") or {})
    check_host(spec.host, "spec.host", review, code="HBK0204")
    check_export(spec.export_to or [], "spec.exportTo", review, code="HBK0204")
    if spec.traffic_policy is not None:
        _check_policy(spec.traffic_policy, "spec.trafficPolicy", review)
    counts = Counter(subset.name for subset in spec.subsets or ())
    for index, subset in enumerate(spec.subsets or ()):
        path = f"spec.subsets[{index}]"
        for problem in dns1123_label(subset.name):
            review.invalid(f"{path}.name", subset.name, f"subset name is invalid: {problem}", code="HBK0204")
        if subset.traffic_policy is not None:
            _check_policy(subset.traffic_policy, f"{path}.trafficPolicy", review)
    for name, count in counts.items():
        if count > 1:
            review.invalid(
                "spec.subsets", name, f"duplicate subset names: {name}", code="HBK0204", fix="Give each subset a name of its own."
            )


def _check_policy(policy: TrafficPolicy, path: str, review: Review) -> None:
    if all(value is None for value in policy.__dict__.values()):
        fix = "Add tls, or take the policy out."
        review.add("HBK0203", path, "Required value: traffic policy must have at least one field", fix)
    if policy.tls is not None:
        _check_tls(policy.tls, f"{path}.tls", review)
    check_load_balancer(policy.load_balancer, f"{path}.loadBalancer", review)
    for index, entry in enumerate(policy.port_level_settings or ()):
        where = f"{path}.portLevelSettings[{index}]"
        if entry.port is None or port_number(entry.port.number or 0):
            review.required(f"{where}.port.number", "portTrafficPolicy must have valid port", code="HBK0203")
        if all(getattr(entry, field) is None for field in _POLICIES):
            review.add(
                "HBK0203", where, "Required value: port traffic policy must have at least one field", "Add tls, or take the entry out."
            )
        if entry.tls is not None:
            _check_tls(entry.tls, f"{where}.tls", review)
        check_load_balancer(entry.load_balancer, f"{where}.loadBalancer", review)


def _check_tls(tls: ClientTlsSettings, path: str, review: Review) -> None:
    if len((tls.sni or "").encode()) > _LONGEST_SNI:
        review.invalid(
            f"{path}.sni", tls.sni, f"must be no longer than {_LONGEST_SNI} bytes", code="HBK0202", fix="Write the server's name."
        )
    if tls.mode is None:
        message = "no mode is set, which means DISABLE: clients send plaintext, whatever else is set here."
        review.warn("HBK0292", f"{path}.mode", message, "Write the mode that you mean; take tls out to leave it to automatic mTLS.")
    if tls.credential_name and tls.mode in ("SIMPLE", "MUTUAL"):
        message = "sidecars take no credentials from Secrets: they send TLS without a client certificate, checked by the system's roots."
        review.warn("HBK0293", f"{path}.credentialName", message, "Mount the files into the sidecar and write their paths.")
    if tls.mode == "ISTIO_MUTUAL":
        _warn_of_ignored(tls, path, review)
    if tls.mode == "MUTUAL" and not tls.credential_name:
        if not tls.client_certificate:
            review.required(f"{path}.clientCertificate", "client certificate required for mutual tls", code="HBK0201")
        if not tls.private_key:
            review.required(f"{path}.privateKey", "private key required for mutual tls", code="HBK0201")
    if tls.mode not in ("SIMPLE", "MUTUAL"):
        return
    if tls.credential_name and (tls.client_certificate or tls.private_key or tls.ca_certificates or tls.ca_crl):
        why = "cannot specify client certificates or CA certificate or CA CRL If credentialName is set"
        review.forbidden(f"{path}.credentialName", why, code="HBK0202", fix="Keep the paths, or the credentialName.")
    _check_skipped_verification(tls, path, review)


def _check_skipped_verification(tls: ClientTlsSettings, path: str, review: Review) -> None:
    if not tls.insecure_skip_verify:
        return
    if tls.mode == "SIMPLE" and (tls.ca_certificates or tls.credential_name or tls.subject_alt_names):
        why = "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true"
        review.forbidden(f"{path}.insecureSkipVerify", why, code="HBK0202", fix="Take insecureSkipVerify out.")
    if tls.mode == "MUTUAL" and (tls.ca_certificates or tls.subject_alt_names):
        why = "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true"
        review.forbidden(f"{path}.insecureSkipVerify", why, code="HBK0202", fix="Take insecureSkipVerify out.")


def _warn_of_ignored(tls: ClientTlsSettings, path: str, review: Review) -> None:
    for field in _IGNORED:
        if getattr(tls, field):
            where = f"{path}.{ClientTlsSettings.model_fields[field].alias}"
            message = "ignored: ISTIO_MUTUAL uses the mesh's own certificates."
            review.warn("HBK0291", where, message, "Take it out, or write MUTUAL or SIMPLE to use it.")
