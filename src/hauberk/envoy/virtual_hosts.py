"""Virtual hosts as resources of their own (VHDS), so that one that changes does not send its whole route configuration again.

A sidecar's route configuration comes as a shell with `vhds` in it, and Envoy puts the virtual hosts in as they come. Nothing is
loaded on demand: all of them are sent, so no request ever waits for discovery. docs/adr/0015-virtual-hosts-as-resources.md
"""

from collections.abc import Iterator

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.resources import ProxyResources, Resource, make_resource

__all__ = ["WholeRoutes", "vhds_resource", "whole_route_configuration"]


def vhds_resource(route: str, host: m.VirtualHost) -> Resource:
    """`host` of the route configuration `route`, as the resource `<route>/<host>`.

    Envoy finds the route configuration by the part before the slash, but takes a virtual host away by its own name (seen with
    1.40: with any other it would stay for ever), so that is the resource's name too.
    """
    name = f"{route}/{host.name}"
    message = m.VirtualHost()
    message.CopyFrom(host)
    message.name = name
    return make_resource(names.TYPE_VIRTUAL_HOST, name, message)


def whole_route_configuration(resources: ProxyResources, name: str) -> m.RouteConfiguration | None:
    """A route configuration with its virtual hosts in it, under Istio's names and sorted by them; None where there is none."""
    shell = resources.get(names.TYPE_ROUTE, name)
    if shell is None:
        return None
    whole = m.RouteConfiguration.FromString(shell.body)
    if not whole.HasField("vhds"):
        return whole
    own = list(whole.virtual_hosts)
    whole.ClearField("vhds")
    whole.ClearField("virtual_hosts")
    whole.virtual_hosts.extend([*_virtual_hosts(resources, name), *own])
    return whole


class WholeRoutes:
    """A proxy's resources with its route configurations whole, for clients that cannot take virtual hosts one by one."""

    def __init__(self, resources: ProxyResources) -> None:
        self._resources = resources
        self._whole: dict[str, Resource] = {}

    def get(self, type_url: str, name: str) -> Resource | None:
        """The resource called `name`."""
        if type_url != names.TYPE_ROUTE:
            return self._resources.get(type_url, name)
        if name not in self._whole:
            whole = whole_route_configuration(self._resources, name)
            if whole is None:
                return None
            self._whole[name] = make_resource(type_url, name, whole)
        return self._whole[name]

    def names(self, type_url: str) -> Iterator[str]:
        """The names of one type; there are no virtual hosts."""
        return iter(()) if type_url == names.TYPE_VIRTUAL_HOST else self._resources.names(type_url)

    def identity(self, type_url: str) -> tuple[str, tuple[int, int], tuple[int, int]]:
        """As `ProxyResources.identity`; a whole route configuration is its shell and its virtual hosts."""
        return ("whole", self._resources.identity(type_url), self._resources.identity(names.TYPE_VIRTUAL_HOST))


def _virtual_hosts(resources: ProxyResources, route: str) -> Iterator[m.VirtualHost]:
    prefix = f"{route}/"
    for name in sorted(name for name in resources.names(names.TYPE_VIRTUAL_HOST) if name.startswith(prefix)):
        resource = resources.get(names.TYPE_VIRTUAL_HOST, name)
        if resource is not None:
            host = m.VirtualHost.FromString(resource.body)
            host.name = host.name.removeprefix(prefix)
            yield host
