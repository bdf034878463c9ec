"""Service -> Service, EndpointSlice -> EndpointSlice."""

from hauberk import names
from hauberk.k8s.fields import created_of, integer, items, mapping, strings, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.service import EndpointSlice, Protocol, Service, ServicePort, SliceAddress, protocol_of

__all__ = ["parse_endpoint_slice", "parse_service"]

_NO_VIP = frozenset({"", "None"})
_SERVICE_NAME = "kubernetes.io/service-name"


def parse_service(manifest: Manifest) -> Service | None:
    """The Service; None for an ExternalName, which is a DNS alias and has neither address nor endpoints."""
    spec = mapping(manifest, "spec")
    if spec.get("type") == "ExternalName":
        return None
    namespace, name = namespace_of(manifest), name_of(manifest)
    vip = text(spec, "clusterIP")
    ports = tuple(_parse_port(port) for port in items(spec, "ports"))
    return Service(
        namespace=namespace,
        name=name,
        hostname=f"{name}.{namespace}.svc.{names.CLUSTER_DOMAIN}",
        vip="" if vip in _NO_VIP else vip,
        ports=tuple(port for port in ports if port.protocol is not Protocol.UDP),  # Envoy captures TCP only
        selector=text_map(spec, "selector"),
        created=created_of(manifest),
    )


def _parse_port(port: Manifest) -> ServicePort:
    number = integer(port.get("port"), "spec.ports[].port")
    name = text(port, "name")
    target = port.get("targetPort")
    return ServicePort(
        name=name,
        number=number,
        target=_target(target) if target else number,
        protocol=protocol_of(name, number, transport=text(port, "protocol", "TCP"), app_protocol=port.get("appProtocol")),
    )


def _target(value: object) -> int | str:
    """IntOrString: a string of digits is a number too, as kubectl writes it at times."""
    return int(str(value)) if str(value).isdigit() else str(value)


def parse_endpoint_slice(manifest: Manifest) -> EndpointSlice | None:
    """The slice; None where it belongs to no Service or holds names instead of IPv4 addresses.

    An endpoint without conditions is ready (discovery.k8s.io: nil should be interpreted as true); one that terminates is not.
    """
    service = text_map(manifest, "metadata", "labels").get(_SERVICE_NAME, "")
    if not service or manifest.get("addressType", "IPv4") != "IPv4":
        return None
    return EndpointSlice(
        namespace=namespace_of(manifest),
        name=name_of(manifest),
        service=service,
        addresses=tuple(address for endpoint in items(manifest, "endpoints") for address in _parse_addresses(endpoint)),
        ports={text(port, "name"): integer(port["port"], "ports[].port") for port in items(manifest, "ports") if port.get("port")},
    )


def _parse_addresses(endpoint: Manifest) -> tuple[SliceAddress, ...]:
    conditions, target = mapping(endpoint, "conditions"), mapping(endpoint, "targetRef")
    ready = conditions.get("ready") is not False and not conditions.get("terminating")
    pod = text(target, "name") if target.get("kind") == "Pod" else ""
    return tuple(SliceAddress(address, pod, ready) for address in strings(endpoint, "addresses"))
