from hauberk.apiserver.catalogue import Served, subresources_of, version_rank
from hauberk.k8s import apps, core, networking
from hauberk.store.revisions import Key
from tests.unit.apiserver.builders import CATALOGUE, make_config_map


def test_versions_are_preferred_as_kubernetes_does() -> None:
    versions = ["v1alpha3", "v2beta1", "v1", "odd", "v1beta1", "v2", "v10"]
    assert sorted(versions, key=version_rank, reverse=True) == ["v10", "v2", "v1", "v2beta1", "v1beta1", "v1alpha3", "odd"]


def test_a_kind_is_found_under_each_of_its_versions_and_stored_once() -> None:
    served = [CATALOGUE.find("networking.istio.io", version, "destinationrules") for version in ("v1", "v1beta1", "v1alpha3")]
    assert [one.api_version for one in served if one] == [f"networking.istio.io/{v}" for v in ("v1", "v1beta1", "v1alpha3")]
    assert {one.resource for one in served if one} == {"destinationrules.networking.istio.io"}
    assert CATALOGUE.find("networking.istio.io", "v9", "destinationrules") is None


def test_groups_name_their_versions_the_preferred_first() -> None:
    assert CATALOGUE.versions("networking.istio.io") == ["v1", "v1beta1", "v1alpha3"]
    assert CATALOGUE.versions("maistra.io") == ["v2", "v1"]
    assert CATALOGUE.groups()[:2] == ["", "apps"]


def test_kinds_are_found_by_stored_resource_and_by_kind() -> None:
    assert CATALOGUE.of_resource("deployments.apps") == Served(apps.DEPLOYMENT, "v1")
    assert CATALOGUE.of_kind("apps", "Deployment") == Served(apps.DEPLOYMENT, "v1")
    assert CATALOGUE.of_resource("nopes") is None


def test_keys_of_cluster_wide_kinds_have_no_namespace() -> None:
    assert Served(core.NAMESPACE, "v1").key("a", "a") == Key("namespaces", "", "a")
    assert Served(core.POD, "v1").key("a", "p") == Key("pods", "a", "p")


def test_an_object_is_shown_in_the_version_asked_for() -> None:
    shown = Served(networking.GATEWAY, "v1").present(make_config_map() | {"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway"})
    assert list(shown)[:2] == ["kind", "apiVersion"]
    assert shown["apiVersion"] == "networking.istio.io/v1"


def test_pods_have_the_subresources_that_kubectl_uses() -> None:
    assert [one.name for one in subresources_of(Served(core.POD, "v1"))] == ["binding", "exec", "log", "proxy", "status"]
    assert [one.name for one in subresources_of(Served(core.CONFIG_MAP, "v1"))] == []
