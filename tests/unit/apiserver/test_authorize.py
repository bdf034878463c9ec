import pytest

from hauberk import names
from hauberk.apiserver.authorize import decide, refuse
from hauberk.apiserver.request import Target, User, parse_target
from tests.unit.apiserver.builders import MASTER, FixedReader, make_pod

NODE = User(names.USER_NODE, (names.GROUP_NODES, "system:authenticated"))
ACCOUNT = User("system:serviceaccount:a:web", ("system:serviceaccounts", "system:authenticated"))
IMPOSTOR = User(names.USER_NODE, ("system:authenticated",))

VOLUMES = [
    {"name": "v", "secret": {"secretName": "mounted"}},
    {"name": "w", "projected": {"sources": [{"secret": {"name": "projected"}}]}},
]
ENV = [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "env"}}}]
CONTAINER = {"name": "c", "env": ENV, "envFrom": [{"secretRef": {"name": "all"}}]}
OURS = make_pod("ours", "a", nodeName=names.NODE_NAME, serviceAccountName="web", volumes=VOLUMES, containers=[CONTAINER])
FOREIGN = [{"name": "v", "secret": {"secretName": "foreign"}}]
THEIRS = make_pod("theirs", "a", nodeName="other", serviceAccountName="db", volumes=FOREIGN)
READER = FixedReader(OURS, THEIRS)


def may(user: User, method: str, path: str) -> bool:
    return decide(user, parse_target(method, path, {}), READER)


@pytest.mark.parametrize("user", [MASTER, User(names.USER_CONTROL_PLANE, ("system:authenticated",))])
def test_masters_and_the_control_plane_may_do_everything(user: User) -> None:
    assert may(user, "DELETE", "/api/v1/namespaces/a/secrets/x")
    assert may(user, "GET", "/debug/anything")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/pods", True),
        ("GET", "/apis/discovery.k8s.io/v1/endpointslices", True),
        ("GET", "/api/v1/namespaces/a/configmaps/c", True),
        ("GET", "/api/v1/namespaces/a/secrets", False),
        ("GET", "/api/v1/namespaces/a/secrets/mounted", True),
        ("GET", "/api/v1/namespaces/a/secrets/projected", True),
        ("GET", "/api/v1/namespaces/a/secrets/env", True),
        ("GET", "/api/v1/namespaces/a/secrets/all", True),
        ("GET", "/api/v1/namespaces/a/secrets/foreign", False),
        ("GET", "/api/v1/namespaces/a/secrets/istio-ca-secret", False),
        ("PATCH", "/api/v1/namespaces/a/pods/ours/status", True),
        ("PATCH", "/api/v1/namespaces/a/pods/theirs/status", False),
        ("PATCH", "/api/v1/namespaces/a/pods/ours", False),
        ("DELETE", "/api/v1/namespaces/a/pods/ours", True),
        ("DELETE", "/api/v1/namespaces/a/pods/theirs", False),
        ("DELETE", "/api/v1/namespaces/a/pods", False),
        ("POST", "/api/v1/namespaces/a/pods", False),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/web/token", True),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/db/token", False),
        ("POST", "/api/v1/nodes", True),
        ("PATCH", f"/api/v1/nodes/{names.NODE_NAME}/status", True),
        ("PATCH", "/api/v1/nodes/other/status", False),
        ("POST", "/api/v1/namespaces/a/events", True),
        ("PATCH", "/apis/maistra.io/v2/namespaces/a/servicemeshcontrolplanes/x", False),
        ("GET", "/version", True),
        ("GET", "/debug/x", False),
    ],
)
def test_a_node_may_what_a_kubelet_may(method: str, path: str, allowed: bool) -> None:
    assert may(NODE, method, path) is allowed


def test_a_name_alone_makes_no_node() -> None:
    assert not may(IMPOSTOR, "GET", "/api/v1/pods")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api", True),
        ("GET", "/apis/apps/v1", True),
        ("GET", "/openapi/v3/api/v1", True),
        ("GET", "/apix", False),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", True),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", True),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", False),
        ("GET", "/api/v1/namespaces/a/pods", False),
    ],
)
def test_an_account_may_look_around_and_ask_about_itself(method: str, path: str, allowed: bool) -> None:
    assert may(ACCOUNT, method, path) is allowed


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            Target("list", "", "", "v1", "pods", "a"),
            'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "a"',
        ),
        (
            Target("delete", "", "security.istio.io", "v1", "peerauthentications", "a", "x"),
            'peerauthentications.security.istio.io "x" is forbidden: User "bob" cannot delete resource "peerauthentications" '
            'in API group "security.istio.io" in the namespace "a"',
        ),
        (
            Target("list", "", "", "v1", "nodes"),
            'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope',
        ),
        (Target("get", "/x"), 'forbidden: User "bob" cannot get path "/x"'),
    ],
)
def test_refusals_are_in_upstreams_words(target: Target, message: str) -> None:
    error = refuse(User("bob"), target)
    assert (error.code, str(error)) == (403, message)
