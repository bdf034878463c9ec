import pytest

from hauberk.k8s import core
from hauberk.k8s.decoding import check_schema
from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.review import DECODE, Review


def found(kind: Kind, obj: Manifest) -> list[tuple[str, str, str]]:
    review = Review(obj)
    check_schema(kind, obj, review)
    return [(finding.code, finding.path, finding.message) for finding in review.findings]


def container(**fields: object) -> Manifest:
    return {"spec": {"containers": [{"name": "c"} | fields]}}


@pytest.mark.parametrize(
    ("kind", "obj", "path", "message"),
    [
        (
            core.SERVICE,
            {"spec": {"ports": [{"port": "eighty"}]}},
            "spec.ports[0].port",
            "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            core.SERVICE,
            {"spec": {"ports": [{"port": True}]}},
            "spec.ports[0].port",
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            core.SERVICE,
            {"spec": {"ports": [{"port": 2**31}]}},
            "spec.ports[0].port",
            "json: cannot unmarshal number into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (core.POD, {"spec": []}, "spec", "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"),
        (
            core.POD,
            {"metadata": {"labels": {"n": 1}}},
            "metadata.labels.n",
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.n of type string",
        ),
        (
            core.POD,
            {"spec": {"containers": {}}},
            "spec.containers",
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            core.POD,
            {"spec": {"nodeSelector": "x"}},
            "spec.nodeSelector",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.nodeSelector of type map[string]string",
        ),
        (
            core.POD,
            {"spec": {"hostNetwork": "yes"}},
            "spec.hostNetwork",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
        (core.SECRET, {"data": {"x": "not base64!"}}, "data.x", "illegal base64 data at input byte 3"),
        (core.SECRET, {"data": {"x": "YQ="}}, "data.x", "illegal base64 data at input byte 3"),
        (
            core.POD,
            container(resources={"limits": {"memory": "bad"}}),
            "spec.containers[0].resources.limits.memory",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            core.POD,
            {"metadata": {"creationTimestamp": "yesterday"}},
            "metadata.creationTimestamp",
            'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse',
        ),
    ],
)
def test_values_that_cannot_be_decoded(kind: Kind, obj: Manifest, path: str, message: str) -> None:
    assert [entry for entry in found(kind, obj) if entry[0] == DECODE] == [(DECODE, path, message)]


@pytest.mark.parametrize(
    ("kind", "obj"),
    [
        (core.POD, container(resources={"limits": {"cpu": 2, "memory": "1.5Gi"}, "requests": {"cpu": "100m"}})),
        (core.SERVICE, {"spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8080}]}}),
        (core.SECRET, {"data": {"x": "YQ==", "y": ""}}),
        (core.POD, {"spec": {"containers": [], "nodeName": None}, "unknown": {"containers": 1}}),
        (core.POD, {"status": {"containerStatuses": [{"name": "c"}], "conditions": [{"type": "Ready"}]}}),
    ],
)
def test_values_that_can(kind: Kind, obj: Manifest) -> None:
    assert found(kind, obj) == []


def test_several_errors_at_once_and_missing_fields_beside() -> None:
    obj = {"spec": {"volumes": [{"emptyDir": {}}], "containers": [{"image": 5, "name": "c"}]}}
    assert found(core.POD, obj) == [
        ("HBK0003", "spec.volumes[0].name", "Required value"),
        (
            DECODE,
            "spec.containers[0].image",
            "json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string",
        ),
    ]
