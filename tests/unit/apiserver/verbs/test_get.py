from hauberk.apiserver.api import Api
from tests.unit.apiserver.builders import ask, make_pod, refusal, tell, value_of

PODS = "/api/v1/namespaces/default/pods"


def test_an_object_and_its_status_are_the_same_object() -> None:
    async def story(api: Api) -> None:
        created = value_of(await ask(api, "POST", PODS, make_pod()))
        assert value_of(await ask(api, "GET", f"{PODS}/p")) == created
        assert value_of(await ask(api, "GET", f"{PODS}/p/status")) == created

    tell(story)


def test_what_is_not_there_is_not_found() -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "GET", f"{PODS}/nope")
        assert (error.code, str(error)) == (404, 'pods "nope" not found')

    tell(story)


def test_a_revision_must_be_a_number() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PODS, make_pod())
        error = await refusal(api, "GET", f"{PODS}/p?resourceVersion=abc")
        assert error.code == 500
        assert str(error) == 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'

    tell(story)
