import orjson
import pytest

from hauberk.apiserver.pages import Page, site_page
from tests.unit.apiserver.builders import CATALOGUE

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def page(path: str, *, accept: str = "", **query: str) -> Page | None:
    return site_page(CATALOGUE, path, accept=accept, query=query, address="127.0.0.1:6443")


def body(path: str, **options: str) -> dict[str, object]:
    found = page(path, **options)
    assert found is not None
    content: dict[str, object] = orjson.loads(found.body)
    return content


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api", "APIVersions"),
        ("/apis", "APIGroupList"),
        ("/apis/apps", "APIGroup"),
        ("/api/v1", "APIResourceList"),
        ("/apis/apps/v1", "APIResourceList"),
        ("/apis/networking.istio.io/v1alpha3/", "APIResourceList"),
    ],
)
def test_discovery_is_where_clients_look(path: str, kind: str) -> None:
    assert body(path)["kind"] == kind


def test_aggregated_discovery_has_its_own_media_type() -> None:
    found = page("/apis", accept=V2)
    assert found is not None
    assert found.content_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert orjson.loads(found.body)["kind"] == "APIGroupDiscoveryList"


@pytest.mark.parametrize(
    "path", ["/nope", "/api/v2", "/apis/nope.example.com/v1", "/apis/apps/v9", "/openapi/v9", "/openapi/v3/nope", "/healthz/x"]
)
def test_other_pages_are_not_there(path: str) -> None:
    assert page(path) is None


def test_health_is_a_word_or_a_list() -> None:
    assert page("/healthz") == Page(b"ok", "text/plain; charset=utf-8")
    assert page("/readyz", verbose="") == Page(b"[+]ping ok\nreadyz check passed\n", "text/plain; charset=utf-8")
    assert page("/livez/ping") == Page(b"ok", "text/plain; charset=utf-8")


def test_the_version_is_that_of_the_definitions() -> None:
    version = body("/version")
    assert (version["major"], version["minor"]) == ("1", "36")


def test_openapi_comes_by_group_version_and_to_kubectl_in_protobuf() -> None:
    assert "api/v1" in body("/openapi/v3")["paths"]  # type: ignore[operator]  # a mapping
    assert "components" in body("/openapi/v3/apis/apps/v1")
    binary = page("/openapi/v2", accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert binary is not None
    assert binary.content_type == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert body("/openapi/v2")["swagger"] == "2.0"


def test_the_root_lists_where_to_go() -> None:
    assert "/apis" in body("/")["paths"]  # type: ignore[operator]  # a list
