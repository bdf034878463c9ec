from hauberk.apiserver.api import Api
from tests.unit.apiserver.builders import ask, make_config_map, names_in, tell

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def test_what_the_selectors_choose_is_deleted_and_answered() -> None:
    async def story(api: Api) -> None:
        for name, app in (("a", "x"), ("b", "y"), ("c", "x")):
            await ask(api, "POST", CONFIG_MAPS, make_config_map(name, labels={"app": app}))
        reply = await ask(api, "DELETE", CONFIG_MAPS, query={"labelSelector": "app=x"})
        assert names_in(reply) == ["a", "c"]
        assert names_in(await ask(api, "GET", CONFIG_MAPS)) == ["b"]

    tell(story)


def test_a_collection_of_one_namespace_leaves_the_others_alone() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        await ask(api, "POST", "/api/v1/namespaces/kube-system/configmaps", make_config_map(namespace="kube-system"))
        await ask(api, "DELETE", CONFIG_MAPS)
        assert names_in(await ask(api, "GET", "/api/v1/configmaps")) == ["c"]

    tell(story)
