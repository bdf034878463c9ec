from typing import Annotated, Literal

import pytest

from hauberk.k8s import apps, core, maistra, networking, security
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.models import LATER, LaterObject, Part, UInt32
from hauberk.k8s.schema import (
    ABSENT,
    absent_fields,
    definition_name,
    field_schema,
    model_schema,
    prune_unknown,
    resolve,
    root_schema,
    unknown_fields,
    walk,
)


class Inner(Part):
    """A part."""

    mode: Literal["A", "B"] | None = None
    """Its mode."""


class Outer(Part):
    """A whole."""

    inner: Inner | None = None
    """The inner part."""
    ports: dict[str, Inner | None] | None = None
    number: UInt32
    later: LaterObject = None
    later_typed: Annotated[Inner | None, LATER] = None


@pytest.mark.parametrize(
    ("kind", "version", "name"),
    [
        (core.POD, None, "io.k8s.api.core.v1.Pod"),
        (apps.DEPLOYMENT, None, "io.k8s.api.apps.v1.Deployment"),
        (security.PEER_AUTHENTICATION, None, "io.istio.security.v1beta1.PeerAuthentication"),
        (security.PEER_AUTHENTICATION, "v1", "io.istio.security.v1.PeerAuthentication"),
        (maistra.SERVICE_MESH_MEMBER_ROLL, None, "io.maistra.v1.ServiceMeshMemberRoll"),
    ],
)
def test_names_among_the_definitions(kind: Kind, version: str | None, name: str) -> None:
    assert definition_name(kind, version) == name


@pytest.mark.parametrize(
    ("kind", "obj", "paths"),
    [
        (
            core.SERVICE,
            {"metadata": {"name": "w", "lables": {}}, "spec": {"nope": 1, "ports": [{"port": 80, "prot": "TCP"}]}},
            ["metadata.lables", "spec.nope", "spec.ports[0].prot"],
        ),
        (
            security.PEER_AUTHENTICATION,
            {"metadata": {"lables": {}}, "spec": {"mtls": {"mode": "STRICT", "modee": "x"}, "nope": 1}},
            ["metadata.lables", "spec.mtls.modee", "spec.nope"],
        ),
        (security.PEER_AUTHENTICATION, {"spec": {"portLevelMtls": {"80": {"moode": "x"}}}}, ["spec.portLevelMtls[80].moode"]),
        (networking.DESTINATION_RULE, {"spec": {"host": "a", "trafficPolicy": {"tunnel": {"any": {"thing": 1}}}}}, []),
        (core.POD, {"spec": {"containers": "no list", "volumes": [7]}}, []),
        (core.CONFIG_MAP, {"data": {"any key": "x"}, "dta": {}}, ["dta"]),
        (security.PEER_AUTHENTICATION, {"status": {"whatever": [1]}}, []),
    ],
)
def test_unknown_fields_are_named_in_the_order_of_the_document(kind: Kind, obj: Manifest, paths: list[str]) -> None:
    assert unknown_fields(kind, obj) == paths


def test_pruning_takes_them_out_and_names_them() -> None:
    obj = {"metadata": {"name": "w"}, "spec": {"nope": {"a": 1}, "ports": [{"port": 80, "prot": "TCP"}]}}
    assert prune_unknown(core.SERVICE, obj) == ["spec.nope", "spec.ports[0].prot"]
    assert obj == {"metadata": {"name": "w"}, "spec": {"ports": [{"port": 80}]}}
    assert prune_unknown(core.SERVICE, obj) == []


def test_fields_that_are_not_implemented_are_named_at_their_outermost() -> None:
    route = {"delegate": {"name": "b"}, "headers": {}, "fault": None, "match": [{"statPrefix": "x"}], "retries": {}}
    obj = {"spec": {"http": [{"route": []}, route], "tcp": [{"route": []}]}}
    assert absent_fields(networking.VIRTUAL_SERVICE, obj) == ["spec.http[1].delegate", "spec.http[1].match[0].statPrefix"]


def test_a_walk_names_the_definition_that_declares_a_field() -> None:
    obj = {"spec": {"ports": [{"port": 80}]}}
    assert [(node.path, node.owner, node.value) for node in walk(core.SERVICE, obj)][-1] == (
        ("spec", "ports", 0, "port"),
        "ServicePort",
        80,
    )


def test_schemas_of_models_are_inlined_as_crds_are() -> None:
    mode = {"type": "string", "enum": ["A", "B"], "description": "Its mode."}
    inner = {"type": "object", "description": "A part.", "properties": {"mode": mode}}
    later = {"description": "Not implemented yet: it has no effect.", ABSENT: True}
    assert model_schema(Outer) == {
        "type": "object",
        "description": "A whole.",
        "required": ["number"],
        "properties": {
            "inner": inner | {"description": "The inner part."},
            "ports": {"type": "object", "additionalProperties": inner},
            "number": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
            "later": later | {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "laterTyped": later | {"type": "object", "properties": {"mode": mode}},
        },
    }


def test_fields_are_found_behind_references_and_in_maps() -> None:
    pod = root_schema(core.POD)
    spec = field_schema(pod, "spec")
    assert spec is not None
    assert resolve(spec)["properties"].keys() >= {"containers"}
    assert field_schema(spec, "nope") is None
    node_selector = field_schema(spec, "nodeSelector")
    assert node_selector is not None
    assert field_schema(node_selector, "any")["type"] == "string"
