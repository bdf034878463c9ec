import pytest

from hauberk.apiserver.api import Api
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import ask, get, make_config_map, make_peer_authentication, refusal, tell, value_of

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PATH = f"{CONFIG_MAPS}/c"
OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


async def created(api: Api, **metadata: object) -> Manifest:
    return value_of(await ask(api, "POST", CONFIG_MAPS, make_config_map(**metadata)))


def test_an_object_is_replaced_whole() -> None:
    async def story(api: Api) -> None:
        old = await created(api)
        new = value_of(await ask(api, "PUT", PATH, make_config_map(labels={"a": "b"}) | {"data": {"x": "y"}}))
        assert new["data"] == {"x": "y"}
        assert new["metadata"] == old["metadata"] | {"labels": {"a": "b"}, "resourceVersion": new["metadata"]["resourceVersion"]}
        assert int(new["metadata"]["resourceVersion"]) > int(old["metadata"]["resourceVersion"])

    tell(story)


def test_a_write_that_changes_nothing_makes_no_revision() -> None:
    async def story(api: Api) -> None:
        old = await created(api)
        before = api.store.revision
        assert value_of(await ask(api, "PUT", PATH, make_config_map())) == old
        assert api.store.revision == before

    tell(story)


def test_the_second_of_two_writers_is_told() -> None:
    async def story(api: Api) -> None:
        seen = await created(api)
        await ask(api, "PUT", PATH, seen | {"data": {"first": "x"}})
        error = await refusal(api, "PUT", PATH, seen | {"data": {"second": "x"}})
        assert (error.code, error.reason) == (409, "Conflict")
        assert str(error).endswith("the object has been modified; please apply your changes to the latest version and try again")
        assert (await get(api, PATH))["data"] == {"first": "x"}

    tell(story)


def test_an_object_made_anew_is_another_object() -> None:
    async def story(api: Api) -> None:
        await created(api)
        error = await refusal(api, "PUT", PATH, make_config_map(uid="other"))
        assert error.code == 409
        assert "Key: /registry/configmaps/default/c, ResourceVersion: 5, AdditionalErrorMsg: Precondition failed" in str(error)
        assert "UID in precondition: other, UID in object meta: uid-5" in str(error)

    tell(story)


@pytest.mark.parametrize(
    ("path", "sent", "code", "message"),
    [
        (PATH, make_config_map("other"), 400, "the name of the object (other) does not match the name on the URL (c)"),
        (f"{CONFIG_MAPS}/nope", make_config_map("nope"), 404, 'configmaps "nope" not found'),
        (
            PATH,
            make_config_map(namespace="x"),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
def test_body_and_path_must_agree(path: str, sent: Manifest, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        await created(api)
        error = await refusal(api, "PUT", path, sent)
        assert (error.code, str(error)) == (code, message)

    tell(story)


def test_custom_resources_are_not_updated_blindly() -> None:
    async def story(api: Api) -> None:
        path = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"
        await ask(api, "POST", path, make_peer_authentication())
        error = await refusal(api, "PUT", f"{path}/pa", make_peer_authentication())
        expected = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        assert (error.code, str(error)) == (422, f'PeerAuthentication.security.istio.io "pa" is invalid: {expected}')

    tell(story)


def test_an_object_can_be_written_in_any_of_its_versions() -> None:
    async def story(api: Api) -> None:
        old = "/apis/security.istio.io/v1beta1/namespaces/default/peerauthentications"
        await ask(api, "POST", old, make_peer_authentication() | {"apiVersion": "security.istio.io/v1beta1"})
        stored = await get(api, f"{old}/pa")
        newer = make_peer_authentication(mode="PERMISSIVE")
        newer["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"]
        changed = value_of(await ask(api, "PUT", "/apis/security.istio.io/v1/namespaces/default/peerauthentications/pa", newer))
        assert (changed["apiVersion"], changed["spec"]) == (stored["apiVersion"], {"mtls": {"mode": "PERMISSIVE"}})
        assert changed["metadata"]["generation"] == 2

    tell(story)
