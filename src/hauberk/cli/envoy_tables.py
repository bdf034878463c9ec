"""What an Envoy has, out of its config_dump: the resources of each kind, and istioctl's tables of them. No I/O."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from hauberk.cli.table import Rows
from hauberk.pki.certificates import is_valid_at, parse_certificates

__all__ = ["KINDS", "Dump", "resources_of", "table_of"]

Dump = Mapping[str, Any]
"""The answer of `/config_dump?include_eds`, with the field names of Envoy's documentation."""
Resource = dict[str, Any]
_Row = tuple[str, ...]
_DOMAINS_SHOWN = 2

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("listeners", "listener", "l"), "listeners"),
    **dict.fromkeys(("clusters", "cluster", "c"), "clusters"),
    **dict.fromkeys(("routes", "route", "r"), "routes"),
    **dict.fromkeys(("endpoints", "endpoint", "ep"), "endpoints"),
    **dict.fromkeys(("secrets", "secret", "s"), "secrets"),
}
"""What may be typed, as in istioctl, and what it means."""


def resources_of(dump: Dump, kind: str) -> list[Resource]:
    """The resources of a kind as Envoy has them, by name, static ones too; a Secret comes without its key."""
    found = list(_EXTRACT[kind](dump))
    return sorted(found, key=lambda resource: str(resource.get("name", resource.get("cluster_name", ""))))


def table_of(dump: Dump, kind: str, *, now: datetime) -> Rows:
    """Istioctl's table of a kind."""
    resources = resources_of(dump, kind)
    match kind:
        case "clusters":
            return Rows(("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"), tuple(map(_cluster, resources)))
        case "listeners":
            return Rows(("ADDRESSES", "PORT", "MATCH", "DESTINATION"), tuple(row for one in resources for row in _listener(one)))
        case "routes":
            return Rows(("NAME", "VHOST NAME", "DOMAINS", "MATCH", "ACTION"), tuple(row for one in resources for row in _route(one)))
        case "endpoints":
            return Rows(("ENDPOINT", "STATUS", "CLUSTER"), tuple(row for one in resources for row in _endpoints(one)))
        case _:
            columns = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")
            return Rows(columns, tuple(row for one in resources for row in _secret(one, now)))


# -- Out of the dump --------------------------------------------------------------------------------------------------
def _section(dump: Dump, name: str) -> Iterator[Resource]:
    return (section for section in dump.get("configs", ()) if str(section.get("@type", "")).endswith(f".{name}"))


def _inner(dump: Dump, section: str, lists: Iterable[str], field: str) -> Iterator[Resource]:
    for part in _section(dump, section):
        for entry in (entry for name in lists for entry in part.get(name, ())):
            if field in entry:
                yield {key: value for key, value in entry[field].items() if key != "@type"}


def _listeners(dump: Dump) -> Iterator[Resource]:
    yield from _inner(dump, "ListenersConfigDump", ("static_listeners",), "listener")
    for part in _section(dump, "ListenersConfigDump"):
        for entry in part.get("dynamic_listeners", ()):
            state = entry.get("active_state") or entry.get("warming_state") or {}
            if "listener" in state:
                yield {key: value for key, value in state["listener"].items() if key != "@type"}


def _secrets(dump: Dump) -> Iterator[Resource]:
    for secret in _inner(dump, "SecretsConfigDump", ("static_secrets", "dynamic_active_secrets", "dynamic_warming_secrets"), "secret"):
        certificate = secret.get("tls_certificate")
        # Envoy has blackened the key; there is no reason to show even that.
        yield secret if certificate is None else {**secret, "tls_certificate": {k: v for k, v in certificate.items() if k != "private_key"}}


def _both(section: str, static: str, dynamic: str, field: str) -> Callable[[Dump], Iterator[Resource]]:
    return lambda dump: _inner(dump, section, (static, dynamic), field)


_EXTRACT: Mapping[str, Callable[[Dump], Iterator[Resource]]] = {
    "clusters": _both("ClustersConfigDump", "static_clusters", "dynamic_active_clusters", "cluster"),
    "listeners": _listeners,
    "routes": _both("RoutesConfigDump", "static_route_configs", "dynamic_route_configs", "route_config"),
    "endpoints": _both("EndpointsConfigDump", "static_endpoint_configs", "dynamic_endpoint_configs", "endpoint_config"),
    "secrets": _secrets,
}


# -- Clusters and endpoints -------------------------------------------------------------------------------------------
def _cluster(cluster: Resource) -> _Row:
    parts = str(cluster["name"]).split("|")
    direction, port, subset, host = parts if len(parts) == 4 else ("-", "-", "-", cluster["name"])
    kind = cluster.get("type") or ("STATIC" if "cluster_type" not in cluster else cluster["cluster_type"].get("name", ""))
    config = str(cluster.get("metadata", {}).get("filter_metadata", {}).get("istio", {}).get("config", ""))
    rule = ".".join(reversed(config.split("/")[-3::2])) if "/destination-rule/" in config else ""
    return (host, port, subset or "-", direction, str(kind), rule)


def _endpoints(assignment: Resource) -> Iterator[_Row]:
    cluster = assignment.get("cluster_name", "")
    for one in (one for locality in assignment.get("endpoints", ()) for one in locality.get("lb_endpoints", ())):
        yield (_address(one.get("endpoint", {}).get("address", {})), one.get("health_status", "HEALTHY"), cluster)


def _address(address: Mapping[str, Any]) -> str:
    if "pipe" in address:
        return f"unix://{address['pipe']['path']}"
    socket = address.get("socket_address", {})
    return f"{socket.get('address', '')}:{socket.get('port_value', 0)}"


# -- Listeners --------------------------------------------------------------------------------------------------------
def _listener(listener: Resource) -> Iterator[_Row]:
    address, _, port = _address(listener.get("address", {})).rpartition(":")
    chains = [*listener.get("filter_chains", ()), *([listener["default_filter_chain"]] if "default_filter_chain" in listener else [])]
    for chain in chains:
        yield (address, port, _chain_match(chain.get("filter_chain_match", {})), _destination(chain))


def _chain_match(match: Mapping[str, Any]) -> str:
    parts = []
    if match.get("server_names"):
        parts.append(f"SNI: {','.join(match['server_names'])}")
    if match.get("transport_protocol"):
        parts.append(f"Trans: {match['transport_protocol']}")
    if match.get("application_protocols"):
        parts.append(f"App: {','.join(match['application_protocols'])}")
    ranges = [f"{one['address_prefix']}/{one.get('prefix_len', 0)}" for one in match.get("prefix_ranges", ())]
    if ranges or match.get("destination_port"):
        parts.append(f"Addr: {','.join(ranges) or '*'}:{match.get('destination_port', '*')}")
    return "; ".join(parts) or "ALL"


def _destination(chain: Mapping[str, Any]) -> str:
    for network_filter in chain.get("filters", ()):
        config = network_filter.get("typed_config", {})
        if "rds" in config:
            return f"Route: {config['rds']['route_config_name']}"
        if "route_config" in config:
            return f"Inline Route: {config['route_config'].get('name', '')}".rstrip(": ")
        if "cluster" in config:
            return f"Cluster: {config['cluster']}"
        if "weighted_clusters" in config:
            return "Cluster: " + ", ".join(one["name"] for one in config["weighted_clusters"]["clusters"])
    return "Non-HTTP/Non-TCP"


# -- Routes -----------------------------------------------------------------------------------------------------------
def _route(configuration: Resource) -> Iterator[_Row]:
    for host in configuration.get("virtual_hosts", ()):
        domains = [domain for domain in host.get("domains", ()) if ":" not in domain] or list(host.get("domains", ()))
        more = f" + {len(domains) - _DOMAINS_SHOWN} more..." if len(domains) > _DOMAINS_SHOWN else ""
        shown = ", ".join(domains[:_DOMAINS_SHOWN]) + more
        for route in host.get("routes", ()):
            yield (configuration.get("name", ""), host.get("name", ""), shown, _match(route.get("match", {})), _action(route))


def _match(match: Mapping[str, Any]) -> str:
    if "path" in match:
        path = str(match["path"])
    elif "safe_regex" in match:
        path = f"regex {match['safe_regex'].get('regex', '')}"
    else:
        path = str(match.get("prefix") or match.get("path_separated_prefix", "")) + "*"
    return path + "".join(f" {header.get('name', '')}" for header in match.get("headers", ()))


def _action(route: Mapping[str, Any]) -> str:
    action = route.get("route", {})
    if "weighted_clusters" in action:
        return ", ".join(f"{one['name']} {one.get('weight', 0)}" for one in action["weighted_clusters"]["clusters"])
    if "redirect" in route:
        return "redirect"
    if "direct_response" in route:
        return f"answer {route['direct_response'].get('status', '')}"
    return str(action.get("cluster", ""))


# -- Secrets ----------------------------------------------------------------------------------------------------------
def _secret(secret: Resource, now: datetime) -> Iterator[_Row]:
    for part, field, kind in (("tls_certificate", "certificate_chain", "Cert Chain"), ("validation_context", "trusted_ca", "CA")):
        pem = _inline(secret.get(part, {}).get(field, {}))
        for certificate in parse_certificates(pem)[: 1 if kind == "Cert Chain" else None] if pem else ():
            ends, begins = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (certificate.not_valid_after_utc, certificate.not_valid_before_utc))
            valid = str(is_valid_at(certificate, now)).lower()
            yield (secret.get("name", ""), kind, "ACTIVE", valid, f"{certificate.serial_number:x}", ends, begins)


def _inline(source: Mapping[str, Any]) -> bytes:
    if "inline_bytes" in source:
        return base64.b64decode(source["inline_bytes"])
    return str(source.get("inline_string", "")).encode()
