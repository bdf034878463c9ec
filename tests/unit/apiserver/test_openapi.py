from collections.abc import Iterator
from hashlib import sha512
from typing import Any

import orjson
import pytest

from hauberk.apiserver.openapi import group_versions, openapi_v2, openapi_v3, openapi_v3_index
from hauberk.errors import NotFoundError
from hauberk.k8s.registry import ALL_KINDS

GROUP_VERSIONS = [
    "api/v1",
    "apis/apps/v1",
    "apis/discovery.k8s.io/v1",
    "apis/maistra.io/v1",
    "apis/maistra.io/v2",
    "apis/networking.istio.io/v1",
    "apis/networking.istio.io/v1alpha3",
    "apis/networking.istio.io/v1beta1",
    "apis/networking.k8s.io/v1",
    "apis/route.openshift.io/v1",
    "apis/security.istio.io/v1",
    "apis/security.istio.io/v1beta1",
]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_index_leads_to_every_group_version_by_hash() -> None:
    index = orjson.loads(openapi_v3_index())["paths"]
    assert list(index) == GROUP_VERSIONS == list(group_versions())
    for path, entry in index.items():
        assert entry == {"serverRelativeURL": f"/openapi/v3/{path}?hash={sha512(openapi_v3(path)).hexdigest().upper()}"}


@pytest.mark.parametrize("path", GROUP_VERSIONS)
def test_every_reference_leads_somewhere_and_has_no_siblings(path: str) -> None:
    document = orjson.loads(openapi_v3(path))
    found = set(references(document))
    assert found <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    for schema in document["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            assert "$ref" not in field or field.keys() == {"$ref"}


def test_kubectl_finds_that_patch_validates_fields_on_the_server() -> None:
    for path, kinds in group_versions().items():
        operations = [item["patch"] for item in orjson.loads(openapi_v3(path))["paths"].values()]
        assert [operation["x-kubernetes-group-version-kind"]["kind"] for operation in operations] == [kind.kind for kind in kinds]
        for operation, kind in zip(operations, kinds, strict=True):
            assert {"fieldValidation", "dryRun"} <= {parameter["name"] for parameter in operation["parameters"]}
            strategic = "application/strategic-merge-patch+json" in operation["requestBody"]["content"]
            assert strategic == kind.strategic


def test_paths_are_those_of_the_api() -> None:
    assert set(orjson.loads(openapi_v3("apis/apps/v1"))["paths"]) == {
        "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
        "/apis/apps/v1/namespaces/{namespace}/replicasets/{name}",
    }
    assert "/api/v1/nodes/{name}" in orjson.loads(openapi_v3("api/v1"))["paths"]


def test_built_in_schemas_keep_upstreams_patch_metadata_and_descriptions() -> None:
    schemas = orjson.loads(openapi_v3("apis/apps/v1"))["components"]["schemas"]
    spec = schemas["io.k8s.api.core.v1.PodSpec"]
    assert spec["required"] == ["containers"]
    assert spec["properties"]["containers"]["x-kubernetes-patch-merge-key"] == "name"
    assert spec["properties"]["affinity"] == {
        "allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Affinity"}],
        "description": "If specified, the pod's scheduling constraints",
    }
    kinds = schemas["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"]
    assert kinds == [{"group": "apps", "version": "v1", "kind": "Deployment"}]
    assert schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]["oneOf"] == [{"type": "string"}, {"type": "integer"}]


def test_each_version_of_a_kind_has_its_own_name_and_the_same_schema() -> None:
    documents = {version: orjson.loads(openapi_v3(f"apis/networking.istio.io/{version}")) for version in ("v1", "v1alpha3", "v1beta1")}
    specs = [
        documents[version]["components"]["schemas"][f"io.istio.networking.{version}.DestinationRule"]["properties"]["spec"]
        for version in documents
    ]
    assert specs[0] == specs[1] == specs[2]
    assert specs[0]["properties"]["trafficPolicy"]["properties"]["tls"]["properties"]["mode"]["enum"] == [
        "DISABLE",
        "SIMPLE",
        "MUTUAL",
        "ISTIO_MUTUAL",
    ]


def test_our_own_marks_stay_inside() -> None:
    assert all(b"x-hauberk" not in openapi_v3(path) for path in group_versions())
    assert b"x-hauberk" not in openapi_v2()


def test_version_2_has_all_of_it_in_one() -> None:
    document = orjson.loads(openapi_v2())
    assert len(document["paths"]) == sum(1 + len(kind.also_versions) for kind in ALL_KINDS)
    assert set(references(document)) <= {f"#/definitions/{name}" for name in document["definitions"]}
    patch = document["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert {parameter["name"] for parameter in patch["parameters"]} >= {"name", "namespace", "dryRun", "fieldValidation", "body"}


def test_a_group_that_is_not_served_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no group version apis/batch/v1"):
        openapi_v3("apis/batch/v1")


def test_documents_are_made_once() -> None:
    assert openapi_v3("api/v1") is openapi_v3("api/v1")
    assert openapi_v2() is openapi_v2()
