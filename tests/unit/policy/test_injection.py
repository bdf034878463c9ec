"""Who gets a sidecar."""

import pytest

from hauberk import names
from hauberk.policy.injection import Metadata, should_inject

MESH = "istio-system/basic"
NOTHING = Metadata()
IGNORED = Metadata({"maistra.io/ignore-namespace": "ignore"})
DISABLED = Metadata({"istio-injection": "disabled"})
ON_HOST = Metadata(annotations={names.INJECT: "true"}, host_network=True)


def label(value: str) -> Metadata:
    return Metadata(labels={names.INJECT: value})


def annotation(value: str) -> Metadata:
    return Metadata(annotations={names.INJECT: value})


@pytest.mark.parametrize(
    ("name", "pod", "namespace", "mesh", "auto", "injected", "reason"),
    [
        ("annotation", annotation("true"), NOTHING, MESH, False, True, 'annotation sidecar.istio.io/inject: "true"'),
        ("label", label("true"), NOTHING, MESH, False, True, 'label sidecar.istio.io/inject: "true"'),
        ("yes is true too", annotation("Yes"), NOTHING, MESH, False, True, "annotation"),
        ("says nothing", NOTHING, NOTHING, MESH, False, False, "autoInject off"),
        ("says nothing, autoInject", NOTHING, NOTHING, MESH, True, True, "autoInject"),
        ("objects, autoInject", annotation("false"), NOTHING, MESH, True, False, 'annotation sidecar.istio.io/inject: "false"'),
        ("nonsense is no", annotation("maybe"), NOTHING, MESH, True, False, "maybe"),
        (
            "the label goes first",
            Metadata({names.INJECT: "false"}, {names.INJECT: "true"}),
            NOTHING,
            MESH,
            False,
            False,
            'label sidecar.istio.io/inject: "false"',
        ),
        ("no mesh", annotation("true"), NOTHING, None, True, False, "belongs to no mesh"),
        ("host network", ON_HOST, NOTHING, MESH, True, False, "host's network"),
        (
            "namespace ignored",
            annotation("true"),
            IGNORED,
            MESH,
            True,
            False,
            "ignore-namespace",
        ),
        (
            "namespace disabled",
            annotation("true"),
            DISABLED,
            MESH,
            True,
            False,
            "istio-injection=disabled",
        ),
        ("namespace enabled says nothing here", NOTHING, Metadata({"istio-injection": "enabled"}), MESH, False, False, "autoInject off"),
    ],
)
def test_the_decision_and_its_reason(
    name: str, pod: Metadata, namespace: Metadata, mesh: str | None, auto: bool, injected: bool, reason: str
) -> None:
    decision = should_inject(pod, namespace, mesh, auto_inject=auto)
    assert decision.inject is injected, name
    assert reason in decision.reason
