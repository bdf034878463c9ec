"""DestinationRule and Gateway manifests -> model; VirtualServices are parsed by parse_virtual_service.py."""

from hauberk.errors import ConfigError
from hauberk.k8s.fields import created_of, integer, items, label_pairs, mapping, strings, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.k8s.parse_connections import parse_connection_settings
from hauberk.k8s.parse_virtual_service import parse_virtual_service
from hauberk.model.hosts import resolve_host
from hauberk.model.traffic import (
    ClientTls,
    DestinationRule,
    Gateway,
    GatewayServer,
    ServerTls,
    ServerTlsMode,
    Subset,
    TlsMode,
    TrafficPolicy,
)

__all__ = ["parse_destination_rule", "parse_gateway", "parse_virtual_service"]


def parse_destination_rule(manifest: Manifest) -> DestinationRule:
    """The rule, its host resolved.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    namespace = namespace_of(manifest)
    return DestinationRule(
        namespace=namespace,
        name=name_of(manifest),
        host=resolve_host(text(spec, "host"), namespace),
        policy=_policy(spec),
        subsets=tuple(Subset(text(subset, "name"), label_pairs(subset, "labels"), _policy(subset)) for subset in items(spec, "subsets")),
        export_to=strings(spec, "exportTo"),
        created=created_of(manifest),
        selector=label_pairs(spec, "workloadSelector", "matchLabels"),
    )


def _policy(owner: Manifest) -> TrafficPolicy | None:
    if owner.get("trafficPolicy") is None:
        return None
    policy = mapping(owner, "trafficPolicy")
    ports = tuple(
        (integer(mapping(entry, "port").get("number"), "portLevelSettings[].port.number"), _client_tls(entry))
        for entry in items(policy, "portLevelSettings")
    )
    settings = tuple(
        (integer(mapping(entry, "port").get("number"), "portLevelSettings[].port.number"), parse_connection_settings(entry))
        for entry in items(policy, "portLevelSettings")
    )
    return TrafficPolicy(_client_tls(policy), ports, parse_connection_settings(policy), settings)


def _client_tls(owner: Manifest) -> ClientTls | None:
    """`tls: {}` means DISABLE (the zero value of Istio's enum), and not "inherit": facts/istio-mtls.md 2.5."""
    if owner.get("tls") is None:
        return None
    tls = mapping(owner, "tls")
    mode = text(tls, "mode") or TlsMode.DISABLE.value
    if mode not in TlsMode.__members__:
        raise ConfigError(f'tls.mode: "{mode}" is no mode. Write DISABLE, SIMPLE, MUTUAL or ISTIO_MUTUAL.')
    return ClientTls(
        mode=TlsMode(mode),
        client_certificate=text(tls, "clientCertificate"),
        private_key=text(tls, "privateKey"),
        ca_certificates=text(tls, "caCertificates"),
        subject_alt_names=strings(tls, "subjectAltNames"),
        sni=text(tls, "sni"),
        insecure_skip_verify=bool(tls.get("insecureSkipVerify")),
    )


def parse_gateway(manifest: Manifest) -> Gateway:
    """The Gateway.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    return Gateway(
        namespace=namespace_of(manifest),
        name=name_of(manifest),
        selector=text_map(spec, "selector"),
        servers=tuple(_server(server) for server in items(spec, "servers")),
        created=created_of(manifest),
    )


def _server(server: Manifest) -> GatewayServer:
    port = mapping(server, "port")
    return GatewayServer(
        port=integer(port.get("number"), "servers[].port.number"),
        protocol=text(port, "protocol").upper(),
        name=text(port, "name"),
        hosts=tuple(host.rpartition("/")[2] for host in strings(server, "hosts")) or ("*",),
        tls=_server_tls(mapping(server, "tls")),
    )


_VERSIONS = {"TLSV1_0": "TLSv1_0", "TLSV1_1": "TLSv1_1", "TLSV1_2": "TLSv1_2", "TLSV1_3": "TLSv1_3"}


def _server_tls(tls: Manifest) -> ServerTls | None:
    if not tls:
        return None
    mode = text(tls, "mode") or ServerTlsMode.PASSTHROUGH.value
    if mode not in ServerTlsMode.__members__:
        raise ConfigError(f'servers[].tls.mode: "{mode}" is no mode. Write SIMPLE, MUTUAL, OPTIONAL_MUTUAL, PASSTHROUGH or ISTIO_MUTUAL.')
    return ServerTls(
        mode=ServerTlsMode(mode),
        credential=text(tls, "credentialName"),
        https_redirect=bool(tls.get("httpsRedirect")),
        subject_alt_names=strings(tls, "subjectAltNames"),
        min_version=_VERSIONS.get(text(tls, "minProtocolVersion"), ""),
        max_version=_VERSIONS.get(text(tls, "maxProtocolVersion"), ""),
        cipher_suites=strings(tls, "cipherSuites"),
    )
