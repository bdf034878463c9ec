import pytest

from hauberk.apiserver.request import Target, parse_target, truthy


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/api/v1/namespaces/a/pods/p", {}, Target("get", "", "", "v1", "pods", "a", "p")),
        ("GET", "/api/v1/namespaces/a/pods", {}, Target("list", "", "", "v1", "pods", "a")),
        ("GET", "/api/v1/pods", {"watch": "true"}, Target("watch", "", "", "v1", "pods")),
        ("GET", "/api/v1/pods", {"watch": "0"}, Target("list", "", "", "v1", "pods")),
        ("POST", "/apis/apps/v1/namespaces/a/deployments", {}, Target("create", "", "apps", "v1", "deployments", "a")),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            {},
            Target("patch", "", "apps", "v1", "deployments", "a", "d", "scale"),
        ),
        ("DELETE", "/api/v1/namespaces/a/pods", {}, Target("deletecollection", "", "", "v1", "pods", "a")),
        ("DELETE", "/api/v1/namespaces/a/pods/p", {}, Target("delete", "", "", "v1", "pods", "a", "p")),
        ("GET", "/api/v1/namespaces", {}, Target("list", "", "", "v1", "namespaces")),
        ("GET", "/api/v1/namespaces/a", {}, Target("get", "", "", "v1", "namespaces", "a", "a")),
        ("PUT", "/api/v1/namespaces/a/status", {}, Target("update", "", "", "v1", "namespaces", "a", "a", "status")),
        ("GET", "/api/v1/namespaces/a/pods/p:80/proxy/x/y/", {}, Target("get", "", "", "v1", "pods", "a", "p:80", "proxy", "/x/y/")),
        ("GET", "/version", {}, Target("get", "")),
        ("GET", "/api/v1", {}, Target("get", "")),
        ("GET", "/apis/apps/v1", {}, Target("get", "")),
    ],
)
def test_paths_say_what_a_request_is_about(method: str, path: str, query: dict[str, str], expected: Target) -> None:
    target = parse_target(method, path, query)
    assert target.path == path
    fields = ("verb", "group", "version", "resource", "namespace", "name", "subresource", "rest", "is_resource")
    assert [getattr(target, field) for field in fields] == [getattr(expected, field) for field in fields]


@pytest.mark.parametrize(("value", "expected"), [(None, False), ("", False), ("0", False), ("False", False), ("1", True), ("true", True)])
def test_booleans_in_queries_are_as_in_go(value: str | None, expected: bool) -> None:
    assert truthy(value) is expected
