"""Resources as JSON."""

from hauberk import names
from hauberk.envoy.mesh_resources import build_resources
from hauberk.envoy.render import render_resource, render_resources
from tests.unit.envoy.builders import sidecar
from tests.unit.view.builders import bookinfo_objects, make_view


def test_everything_is_there_sorted_by_name() -> None:
    view = make_view(*bookinfo_objects())
    resources = build_resources(view, sidecar(view))
    rendered = render_resources(resources)
    assert list(rendered) == ["listeners", "clusters", "routes", "endpoints"]
    assert [listener["name"] for listener in rendered["listeners"]] == ["0.0.0.0_9080", "virtualInbound", "virtualOutbound"]
    assert [cluster["name"] for cluster in rendered["clusters"]] == sorted(resources.names(names.TYPE_CLUSTER))
    assert rendered["routes"][0]["name"] == "9080"
    assert rendered["endpoints"][0]["cluster_name"].startswith("outbound|9080||")


def test_fields_have_the_names_of_envoys_documentation() -> None:
    view = make_view(*bookinfo_objects())
    resource = build_resources(view, sidecar(view)).get(names.TYPE_LISTENER, "0.0.0.0_9080")
    assert resource is not None
    assert render_resource(resource)["bind_to_port"] is False
