import pytest

from hauberk.cli.targets import Target, UnknownKind, find_kind, kind_of, parse_targets, qualified
from hauberk.cli.usage import UsageError
from hauberk.k8s.kind import Kind

POD = Kind("", "v1", "Pod", "pods", short_names=("po",), categories=("all",))
SERVICE = Kind("", "v1", "Service", "services", short_names=("svc",), categories=("all",))
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", short_names=("deploy",))
GATEWAY = Kind("networking.istio.io", "v1", "Gateway", "gateways", short_names=("gw",))
OTHER_GATEWAY = Kind("gateway.networking.k8s.io", "v1", "Gateway", "gateways", short_names=("gtw",))
KINDS = [POD, SERVICE, DEPLOYMENT, GATEWAY, OTHER_GATEWAY]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("pods", POD),
        ("pod", POD),
        ("po", POD),
        ("Pod", POD),
        ("deploy", DEPLOYMENT),
        ("deployments.apps", DEPLOYMENT),
        ("deployments.v1.apps", DEPLOYMENT),
        ("gateway", GATEWAY),
        ("gateways.networking.istio.io", GATEWAY),
        ("gateway.networking", GATEWAY),
        ("gateway.gateway.networking.k8s.io", OTHER_GATEWAY),
    ],
)
def test_a_kind_is_found_by_any_of_its_names(word: str, kind: Kind) -> None:
    assert find_kind(word, KINDS) is kind


@pytest.mark.parametrize("word", ["nosuch", "pods.apps", ""])
def test_other_words_name_no_kind(word: str) -> None:
    with pytest.raises(UnknownKind, match="the server doesn't have a resource type"):
        find_kind(word, KINDS)


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (["pods"], [Target(POD)]),
        (["pods,svc"], [Target(POD), Target(SERVICE)]),
        (["pod", "a", "b"], [Target(POD, "a"), Target(POD, "b")]),
        (["pod/a", "svc/b"], [Target(POD, "a"), Target(SERVICE, "b")]),
        (["all"], [Target(POD), Target(SERVICE)]),
    ],
)
def test_words_name_targets(words: list[str], targets: list[Target]) -> None:
    assert parse_targets(words, KINDS) == targets


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "You must specify the type of resource"),
        (["pod", "pod/a"], "there is no need to specify a resource type as a separate argument"),
        (["pod/"], "must have a single resource and name"),
        (["pod/a/b"], "must have a single resource and name"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_targets(words, KINDS)


def test_a_manifests_kind_is_taken_in_its_own_version() -> None:
    old = kind_of({"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway"}, KINDS)
    assert old.path("a", "b") == "/apis/networking.istio.io/v1beta1/namespaces/a/gateways/b"
    assert kind_of({"apiVersion": "v1", "kind": "Pod"}, KINDS) is POD


def test_a_manifest_of_an_unknown_kind_is_refused() -> None:
    manifest = {"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "n"}}
    with pytest.raises(UnknownKind, match='resource mapping not found for name: "n": no matches for kind "Y" in version "x/v1"'):
        kind_of(manifest, KINDS)


@pytest.mark.parametrize(("kind", "name"), [(POD, "pod"), (DEPLOYMENT, "deployment.apps")])
def test_a_kind_is_named_with_its_group(kind: Kind, name: str) -> None:
    assert qualified(kind) == name
