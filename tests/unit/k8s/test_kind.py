import pytest

from hauberk.k8s.kind import Kind, name_of, namespace_of, uid_of, value_at

POD = Kind("", "v1", "Pod", "pods")
GATEWAY = Kind("networking.istio.io", "v1beta1", "Gateway", "gateways")
NODE = Kind("", "v1", "Node", "nodes", namespaced=False)


@pytest.mark.parametrize(
    ("kind", "where", "path"),
    [
        (POD, {}, "/api/v1/pods"),
        (POD, {"namespace": "shop"}, "/api/v1/namespaces/shop/pods"),
        (POD, {"namespace": "shop", "name": "web", "subresource": "log"}, "/api/v1/namespaces/shop/pods/web/log"),
        (GATEWAY, {"namespace": "shop", "name": "g"}, "/apis/networking.istio.io/v1beta1/namespaces/shop/gateways/g"),
        (NODE, {"namespace": "ignored", "name": "local"}, "/api/v1/nodes/local"),
    ],
)
def test_paths_are_those_of_the_api(kind: Kind, where: dict[str, str], path: str) -> None:
    assert kind.path(**where) == path


def test_names_of_a_kind() -> None:
    assert (GATEWAY.singular, GATEWAY.api_version, POD.api_version) == ("gateway", "networking.istio.io/v1beta1", "v1")


def test_a_bare_kind_completes_and_refuses_nothing() -> None:
    obj = {"metadata": {"name": "x"}}
    POD.complete(obj)
    assert (obj, POD.validate(obj), POD.validate_update(obj, {})) == ({"metadata": {"name": "x"}}, (), ())


def test_what_metadata_lack_is_empty() -> None:
    obj = {"metadata": {"name": "web", "namespace": "shop", "uid": "7"}}
    assert (name_of(obj), namespace_of(obj), uid_of(obj)) == ("web", "shop", "7")
    assert (name_of({}), namespace_of({}), uid_of({})) == ("", "", "")


def test_a_path_that_leads_nowhere_has_no_value() -> None:
    obj = {"a": {"b": 1, "c": None}}
    assert [value_at(obj, *path.split(".")) for path in ("a.b", "a.c", "a.b.d", "x.y")] == [1, None, None, None]
