import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.request import Listing, Reply
from tests.unit.apiserver.builders import ask, make_config_map, make_peer_authentication, names_in, refusal, tell

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def metadata_of(reply: Reply) -> dict[str, object]:
    assert isinstance(reply.content, Listing)
    return reply.content.metadata


async def create(api: Api, *names: str, **labels: str) -> None:
    for name in names:
        await ask(api, "POST", CONFIG_MAPS, make_config_map(name, labels=labels))


def test_a_list_is_of_one_namespace_or_of_all() -> None:
    async def story(api: Api) -> None:
        await create(api, "b", "a")
        await ask(api, "POST", "/api/v1/namespaces/kube-system/configmaps", make_config_map("c", "kube-system"))
        assert names_in(await ask(api, "GET", CONFIG_MAPS)) == ["a", "b"]
        assert names_in(await ask(api, "GET", "/api/v1/configmaps")) == ["a", "b", "c"]

    tell(story)


def test_a_list_says_up_to_which_write_it_goes() -> None:
    async def story(api: Api) -> None:
        await create(api, "a")
        assert metadata_of(await ask(api, "GET", CONFIG_MAPS)) == {"resourceVersion": str(api.store.revision)}

    tell(story)


def test_selectors_choose() -> None:
    async def story(api: Api) -> None:
        await create(api, "a", "b", app="x")
        await create(api, "c", app="y")
        assert names_in(await ask(api, "GET", CONFIG_MAPS, query={"labelSelector": "app=x"})) == ["a", "b"]
        assert names_in(await ask(api, "GET", CONFIG_MAPS, query={"fieldSelector": "metadata.name!=a"})) == ["b", "c"]

    tell(story)


def test_pages_together_are_the_list_as_it_was_at_the_first_one() -> None:
    async def story(api: Api) -> None:
        await create(api, "a", "c", "e", "g")
        first = await ask(api, "GET", f"{CONFIG_MAPS}?limit=2")
        assert (names_in(first), metadata_of(first)["remainingItemCount"]) == (["a", "c"], 2)
        await create(api, "d", "z")
        await ask(api, "DELETE", f"{CONFIG_MAPS}/e")
        second = await ask(api, "GET", CONFIG_MAPS, query={"limit": "2", "continue": str(metadata_of(first)["continue"])})
        assert names_in(second) == ["e", "g"]
        assert metadata_of(second) == {"resourceVersion": metadata_of(first)["resourceVersion"]}

    tell(story)


def test_with_selectors_nobody_counts_what_is_left() -> None:
    async def story(api: Api) -> None:
        await create(api, "a", "b", app="x")
        assert set(metadata_of(await ask(api, "GET", CONFIG_MAPS, query={"limit": "1", "labelSelector": "app"}))) == {
            "resourceVersion",
            "continue",
        }

    tell(story)


def test_lists_of_custom_resources_always_say_whether_they_continue() -> None:
    async def story(api: Api) -> None:
        path = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"
        await ask(api, "POST", path, make_peer_authentication())
        assert metadata_of(await ask(api, "GET", path))["continue"] == ""

    tell(story)


def test_a_list_can_be_had_exactly_as_of_a_revision() -> None:
    async def story(api: Api) -> None:
        await create(api, "a")
        then = str(api.store.revision)
        await create(api, "b")
        query = {"resourceVersion": then, "resourceVersionMatch": "Exact"}
        assert names_in(await ask(api, "GET", CONFIG_MAPS, query=query)) == ["a"]
        assert names_in(await ask(api, "GET", CONFIG_MAPS, query={"resourceVersion": then})) == ["a", "b"]

    tell(story)


@pytest.mark.parametrize(
    ("query", "code", "start"),
    [
        ({"limit": "abc"}, 400, 'strconv.ParseInt: parsing "abc": invalid syntax'),
        ({"resourceVersion": "abc"}, 400, 'invalid resource version: resourceVersion: Invalid value: "abc"'),
        ({"resourceVersion": "999999"}, 504, "Timeout: Too large resource version: 999999, current: "),
        ({"resourceVersionMatch": "Exact"}, 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden'),
        ({"resourceVersion": "1", "resourceVersionMatch": "Bogus"}, 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch'),
        ({"continue": "garbage"}, 400, "invalid continue token: continue key is not valid: "),
        ({"continue": "x", "resourceVersion": "1"}, 400, "specifying resource version is not allowed when using continue"),
        ({"labelSelector": "a=b=c"}, 400, "found '=', expected: ',' or 'end of string'"),
    ],
)
def test_mistakes_are_told_as_upstream_does(query: dict[str, str], code: int, start: str) -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "GET", CONFIG_MAPS, query=query)
        assert (error.code, str(error)[: len(start)]) == (code, start)

    tell(story)


def test_a_negative_limit_is_none() -> None:
    async def story(api: Api) -> None:
        await create(api, "a", "b")
        assert names_in(await ask(api, "GET", f"{CONFIG_MAPS}?limit=-1")) == ["a", "b"]

    tell(story)


def test_a_page_from_before_the_compaction_must_be_started_anew() -> None:
    async def story(api: Api) -> None:
        await create(api, "a", "b")
        first = await ask(api, "GET", f"{CONFIG_MAPS}?limit=1")
        await create(api, "c")
        api.store.state.compact(api.store.revision)
        error = await refusal(api, "GET", CONFIG_MAPS, query={"continue": str(metadata_of(first)["continue"])})
        assert (error.code, error.reason) == (410, "Expired")

    tell(story)
