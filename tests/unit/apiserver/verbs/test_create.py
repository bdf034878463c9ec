import pytest

from hauberk.apiserver.api import Api
from tests.unit.apiserver.builders import ask, get, make_config_map, make_peer_authentication, make_pod, refusal, tell, value_of

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


def test_a_new_object_is_stored_and_answered_as_stored() -> None:
    async def story(api: Api) -> None:
        reply = await ask(api, "POST", CONFIG_MAPS, make_config_map())
        assert reply.code == 201
        assert value_of(reply) == await get(api, f"{CONFIG_MAPS}/c")
        metadata = value_of(reply)["metadata"]
        assert metadata == {
            "name": "c",
            "namespace": "default",
            "uid": "uid-5",
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "resourceVersion": "5",
        }

    tell(story)


def test_defaults_are_filled_in_and_the_status_is_the_servers() -> None:
    async def story(api: Api) -> None:
        sent = make_pod() | {"status": {"phase": "Running"}}
        pod = value_of(await ask(api, "POST", PODS, sent))
        assert pod["spec"]["restartPolicy"] == "Always"
        assert pod["spec"]["serviceAccountName"] == "default"
        assert pod["status"]["phase"] == "Pending"
        assert pod["metadata"]["generation"] == 1

    tell(story)


def test_a_name_can_be_generated() -> None:
    async def story(api: Api) -> None:
        sent = {"metadata": {"generateName": "gen-"}}
        metadata = value_of(await ask(api, "POST", CONFIG_MAPS, sent))["metadata"]
        assert (metadata["name"], metadata["generateName"]) == ("gen-aaaaa", "gen-")

    tell(story)


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        (make_config_map(namespace="other"), 400, "the namespace of the provided object does not match the namespace sent on the request"),
        ({"metadata": {}}, 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
        (make_config_map(resourceVersion="5"), 500, "resourceVersion should not be set on objects to be created"),
    ],
)
def test_mistakes_are_told(sent: object, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "POST", CONFIG_MAPS, sent)
        assert (error.code, str(error)) == (code, message)

    tell(story)


def test_a_name_that_is_taken_is_refused() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map(finalizers=["example.com/x"]))
        assert str(await refusal(api, "POST", CONFIG_MAPS, make_config_map())) == 'configmaps "c" already exists'
        await ask(api, "DELETE", f"{CONFIG_MAPS}/c")
        error = await refusal(api, "POST", CONFIG_MAPS, make_config_map())
        assert (error.code, str(error)) == (409, 'object is being deleted: configmaps "c" already exists')

    tell(story)


def test_a_namespace_that_is_not_there_is_named() -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "POST", "/api/v1/namespaces/nope/configmaps", make_config_map(namespace="nope"))
        assert (error.code, str(error)) == (404, 'namespaces "nope" not found')

    tell(story)


def test_a_dry_run_answers_and_keeps_nothing() -> None:
    async def story(api: Api) -> None:
        before = api.store.revision
        reply = await ask(api, "POST", f"{CONFIG_MAPS}?dryRun=All", make_config_map())
        assert (reply.code, "resourceVersion" in value_of(reply)["metadata"]) == (201, False)
        assert api.store.revision == before
        assert (await refusal(api, "GET", f"{CONFIG_MAPS}/c")).code == 404

    tell(story)


def test_all_that_is_invalid_is_said_with_its_field() -> None:
    async def story(api: Api) -> None:
        path = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"
        error = await refusal(api, "POST", path, make_peer_authentication(mode="nope"))
        assert error.code == 422
        cause, *_ = error.status["details"]["causes"]
        assert (cause["field"], cause["reason"]) == ("spec.mtls.mode", "FieldValueNotSupported")

    tell(story)


def test_a_refused_object_still_warns_of_its_unknown_fields() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        error = await refusal(api, "POST", f"{CONFIG_MAPS}?fieldValidation=Warn", make_config_map() | {"dta": {}})
        assert (error.code, error.warnings) == (409, ('unknown field "dta"',))

    tell(story)
