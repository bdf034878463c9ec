"""Resources as Envoy's own JSON: for dumps, golden files and proxy-config."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.resources import ProxyResources, Resource
from hauberk.envoy.virtual_hosts import whole_route_configuration

__all__ = ["RenderedResources", "render_resource", "render_resources"]

RenderedResources = dict[str, list[dict[str, Any]]]
"""`listeners`, `clusters`, `routes`, `endpoints`, each sorted by name."""

_SECTIONS: Mapping[str, str] = {
    "listeners": names.TYPE_LISTENER,
    "clusters": names.TYPE_CLUSTER,
    "routes": names.TYPE_ROUTE,
    "endpoints": names.TYPE_ENDPOINT,
}
_MESSAGES: Mapping[str, type[m.Message]] = {
    names.TYPE_LISTENER: m.Listener,
    names.TYPE_CLUSTER: m.Cluster,
    names.TYPE_ROUTE: m.RouteConfiguration,
    names.TYPE_VIRTUAL_HOST: m.VirtualHost,
    names.TYPE_ENDPOINT: m.ClusterLoadAssignment,
}


def render_resource(resource: Resource) -> dict[str, Any]:
    """One resource, with the field names of Envoy's documentation."""
    message = _MESSAGES[resource.type_url]()
    message.ParseFromString(resource.body)
    return _as_dict(message)


def _as_dict(message: m.Message) -> dict[str, Any]:
    rendered: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return rendered


def render_resources(resources: ProxyResources) -> RenderedResources:
    """All resources of a proxy, as its Envoy has them in the end: virtual hosts are in their route configurations."""
    rendered = {
        section: [render_resource(resource) for _, resource in sorted(resources.all(type_url).items())]
        for section, type_url in _SECTIONS.items()
        if type_url != names.TYPE_ROUTE
    }
    routes = sorted(resources.names(names.TYPE_ROUTE))
    rendered["routes"] = [_as_dict(whole) for name in routes if (whole := whole_route_configuration(resources, name)) is not None]
    return {section: rendered[section] for section in _SECTIONS}
