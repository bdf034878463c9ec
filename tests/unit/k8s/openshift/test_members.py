import pytest

from hauberk.k8s.maistra import SERVICE_MESH_MEMBER, SERVICE_MESH_MEMBER_ROLL
from tests.unit.k8s.builders import errors, load, update_errors, warnings


def roll(spec: str, name: str = "default") -> str:
    return f"{{kind: ServiceMeshMemberRoll, metadata: {{name: {name}, namespace: istio-system}}, spec: {spec}}}"


def member(spec: str, name: str = "default") -> str:
    return f"{{kind: ServiceMeshMember, metadata: {{name: {name}}}, spec: {spec}}}"


@pytest.mark.parametrize(
    "spec", ["{}", "{members: []}", "{members: null}", "{members: [bookinfo, istio-system]}", "{members: ['*']}", "{memberSelectors: [{}]}"]
)
def test_what_the_documentation_shows(spec: str) -> None:
    assert (errors(SERVICE_MESH_MEMBER_ROLL, roll(spec)), warnings(SERVICE_MESH_MEMBER_ROLL, roll(spec))) == ([], [])


def test_the_meshs_own_namespace_is_taken_out() -> None:
    obj = load(roll("{members: [bookinfo, istio-system]}"))
    SERVICE_MESH_MEMBER_ROLL.complete(obj)
    assert obj["spec"] == {"members": ["bookinfo"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (roll("{}", "other"), [("metadata.name", "ServiceMeshMemberRoll must be named 'default'")]),
        (
            roll("{members: [a, B_, a]}"),
            [
                ("spec.members[1]", ".spec.members contains invalid value 'B_'. Must be a valid namespace name."),
                ("spec.members", "duplicate namespace in .spec.members: a"),
            ],
        ),
        (
            roll("{members: ['*', a]}"),
            [
                (
                    "spec.members",
                    "when .spec.members contains an asterisk ('*'), it must contain no other entries",
                )
            ],
        ),
        (
            roll("{members: [a], memberSelectors: [{matchLabels: {a: b}}]}"),
            [("spec.memberSelectors", "combining .spec.members and .spec.memberSelectors is not allowed")],
        ),
        (
            roll("{members: bookinfo}"),
            [("spec.members", 'Invalid value: "string": spec.members in body must be of type array: "string"')],
        ),
    ],
)
def test_rolls_are_refused_with_upstreams_texts(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(SERVICE_MESH_MEMBER_ROLL, text) == expected


def test_members() -> None:
    basic = "{controlPlaneRef: {name: basic, namespace: istio-system}}"
    other = "{controlPlaneRef: {name: other, namespace: istio-system}}"
    assert errors(SERVICE_MESH_MEMBER, member(basic)) == []
    assert errors(SERVICE_MESH_MEMBER, member("{}")) == [("spec.controlPlaneRef", "Required value")]
    assert errors(SERVICE_MESH_MEMBER, member(basic, "other")) == [
        ("metadata.name", 'the ServiceMeshMember resource must be named "default"')
    ]
    assert update_errors(SERVICE_MESH_MEMBER, member(basic), member(basic)) == []
    assert update_errors(SERVICE_MESH_MEMBER, member(basic), member(other)) == [
        ("spec.controlPlaneRef", "mutation of .spec.controlPlaneRef isn't allowed")
    ]
