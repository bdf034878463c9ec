"""Virtual hosts as resources, and route configurations put together from them."""

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.mesh_resources import build_resources
from hauberk.envoy.outbound.routes import build_route_configuration
from hauberk.envoy.resources import ProxyResources, make_resource
from hauberk.envoy.virtual_hosts import WholeRoutes, vhds_resource, whole_route_configuration
from tests.unit.envoy.builders import sidecar
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view


def test_resource_and_virtual_host_have_one_name_which_envoy_needs_to_take_it_away() -> None:
    resource = vhds_resource("80", m.VirtualHost(name="a:80", domains=["a"]))
    assert (resource.type_url, resource.name) == (names.TYPE_VIRTUAL_HOST, "80/a:80")
    assert m.VirtualHost.FromString(resource.body) == m.VirtualHost(name="80/a:80", domains=["a"])


def test_what_comes_in_pieces_is_the_whole_route_configuration() -> None:
    view = make_view(*bookinfo_objects())
    resources = build_resources(view, sidecar(view))
    assert sorted(resources.names(names.TYPE_VIRTUAL_HOST)) == [f"9080/{DETAILS}:9080", f"9080/{REVIEWS}:9080"]
    assert whole_route_configuration(resources, "9080") == build_route_configuration(view, "bookinfo", 9080)


def test_a_route_configuration_that_does_not_come_in_pieces_is_itself() -> None:
    whole = m.RouteConfiguration(name="http.80", virtual_hosts=[m.VirtualHost(name="x", domains=["*"])])
    resource = vhds_resource("http.80", m.VirtualHost(name="other"))
    shell = make_resource(names.TYPE_ROUTE, "http.80", whole)
    resources = ProxyResources({names.TYPE_VIRTUAL_HOST: {resource.name: resource}}, {names.TYPE_ROUTE: {"http.80": shell}})
    assert whole_route_configuration(resources, "http.80") == whole


def test_an_unknown_route_configuration_is_none() -> None:
    assert whole_route_configuration(ProxyResources({}, {}), "80") is None


def test_who_cannot_take_virtual_hosts_has_whole_route_configurations() -> None:
    view = make_view(*bookinfo_objects())
    resources = build_resources(view, sidecar(view))
    whole = WholeRoutes(resources)
    route = whole.get(names.TYPE_ROUTE, "9080")
    assert route is not None
    assert m.RouteConfiguration.FromString(route.body) == build_route_configuration(view, "bookinfo", 9080)
    assert whole.get(names.TYPE_ROUTE, "9080") is route
    assert whole.get(names.TYPE_ROUTE, "80") is None
    assert list(whole.names(names.TYPE_VIRTUAL_HOST)) == []
    assert list(whole.names(names.TYPE_ROUTE)) == ["9080"]
    listener = whole.get(names.TYPE_LISTENER, "virtualInbound")
    assert listener is resources.get(names.TYPE_LISTENER, "virtualInbound")
    assert whole.identity(names.TYPE_ROUTE) != resources.identity(names.TYPE_ROUTE)
