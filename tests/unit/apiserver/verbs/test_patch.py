from copy import deepcopy

import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.verbs.patch import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, apply_patch
from hauberk.k8s import core
from tests.unit.apiserver.builders import ask, make_peer_authentication, make_service, refusal, tell, value_of

SERVICES = Served(core.SERVICE, "v1")
PATH = "/api/v1/namespaces/default/services"
CUSTOM = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"


@pytest.mark.parametrize(
    ("how", "document", "ports"),
    [
        (JSON_PATCH, [{"op": "add", "path": "/spec/ports/-", "value": {"port": 81}}], [{"port": 80}, {"port": 81}]),
        (JSON_PATCH, [{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}], [{"port": 8080}]),
        (MERGE_PATCH, {"spec": {"ports": [{"port": 1}]}}, [{"port": 1}]),
        (STRATEGIC_PATCH, {"spec": {"ports": [{"port": 80, "name": "web"}]}}, [{"port": 80, "name": "web"}]),
    ],
)
def test_there_are_three_ways_to_say_a_change(how: str, document: object, ports: list[object]) -> None:
    target = make_service()
    before = deepcopy(target)
    assert apply_patch(how, SERVICES, target, document)["spec"]["ports"] == ports
    assert target == before


@pytest.mark.parametrize(
    "document",
    [
        [{"op": "test", "path": "/spec/type", "value": "NodePort"}],
        [{"op": "remove", "path": "/metadata/labels/x"}],
        [{"op": "replace", "path": "/nope/x", "value": 1}],
        [{"op": "add", "path": "/spec/ports/9", "value": {"port": 1}}],
        [{"op": "bogus", "path": "/spec"}],
        [{"op": "add"}],
        [1],
        [{"op": "replace", "path": "", "value": 3}],
        [{"op": "replace", "path": "/metadata", "value": 3}],
    ],
)
def test_a_json_patch_that_does_not_apply_is_refused(document: object) -> None:
    with pytest.raises(ApiError) as caught:
        apply_patch(JSON_PATCH, SERVICES, make_service(), document)
    assert (caught.value.code, str(caught.value)) == (422, "the server rejected our request due to an error in our request")


@pytest.mark.parametrize(
    ("how", "body", "code", "message"),
    [
        (JSON_PATCH, b'[{"op":', 400, "error decoding patch: unexpected end of JSON input"),
        (
            JSON_PATCH,
            b'{"op":"add"}',
            400,
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (MERGE_PATCH, b'{"spec":', 400, "error decoding patch: unexpected end of JSON input"),
        (STRATEGIC_PATCH, b"[1]", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("application/json", b"{}", 415, "415: Unsupported Media Type"),
    ],
)
def test_what_is_no_patch_is_told(how: str, body: bytes, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PATH, make_service())
        error = await refusal(api, "PATCH", f"{PATH}/s", body, content_type=how)
        assert (error.code, str(error)) == (code, message)

    tell(story)


def test_a_strategic_patch_without_its_merge_key_is_refused_in_upstreams_words() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PATH, make_service())
        error = await refusal(api, "PATCH", f"{PATH}/s", {"spec": {"ports": [{"name": "x"}]}}, content_type=STRATEGIC_PATCH)
        assert str(error) == "map: map[name:x] does not contain declared merge key: port"

    tell(story)


def test_custom_resources_take_no_strategic_patch_and_nobody_takes_apply_yet() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CUSTOM, make_peer_authentication())
        strategic = await refusal(api, "PATCH", f"{CUSTOM}/pa", {}, content_type=STRATEGIC_PATCH)
        supported = "accepted media types include: application/json-patch+json, application/merge-patch+json"
        assert (strategic.code, str(strategic)) == (415, f"the body of the request was in an unknown format - {supported}")
        applied = await refusal(api, "PATCH", f"{CUSTOM}/pa", b"a: b", content_type="application/apply-patch+yaml")
        assert applied.code == 415
        assert str(applied).startswith("server-side apply is not implemented yet: ")

    tell(story)


@pytest.mark.parametrize(
    ("document", "code", "start"),
    [
        ({"metadata": {"name": "other"}}, 400, "the name of the object (other) does not match the name on the URL (s)"),
        ({"metadata": {"namespace": "other"}}, 400, "the namespace of the provided object does not match"),
        ({"metadata": {"uid": "other"}}, 422, 'Service "s" is invalid: metadata.uid: Invalid value: "other": field is immutable'),
        ({"metadata": {"resourceVersion": "1"}}, 409, 'Operation cannot be fulfilled on services "s": the object has been modified'),
        ({"kind": "ConfigMap"}, 422, "patch: Invalid value: it would make v1 ConfigMap of v1 Service"),
        ({"spec": {"clusterIP": "None"}}, 422, 'Service "s" is invalid: spec.clusterIPs[0]'),
    ],
)
def test_what_identifies_an_object_stays(document: object, code: int, start: str) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PATH, make_service())
        error = await refusal(api, "PATCH", f"{PATH}/s", document, content_type=MERGE_PATCH)
        assert (error.code, str(error)[: len(start)]) == (code, start)

    tell(story)


def test_unknown_fields_in_a_patch_are_dropped_with_a_warning() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PATH, make_service())
        before = api.store.revision
        reply = await ask(api, "PATCH", f"{PATH}/s", {"spec": {"nope": 1}}, content_type=MERGE_PATCH)
        assert (reply.warnings, "nope" in value_of(reply)["spec"], api.store.revision) == (('unknown field "spec.nope"',), False, before)

    tell(story)


def test_what_is_not_there_cannot_be_patched() -> None:
    async def story(api: Api) -> None:
        assert (await refusal(api, "PATCH", f"{PATH}/nope", {}, content_type=MERGE_PATCH)).code == 404

    tell(story)
