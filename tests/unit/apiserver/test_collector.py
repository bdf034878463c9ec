import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from hauberk.apiserver.api import Api
from hauberk.apiserver.collector import Collector
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import Clock, ask, get, make_config_map, make_pod, names_in, refusal, tell, value_of

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def until(api: Api, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait, write by write, until `holds` answers yes."""
    async with asyncio.timeout(10), api.store.watch(None) as watch:
        while not await holds():
            await watch.batch()


def gone(api: Api, path: str) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        collection, _, name = path.rpartition("/")
        return name not in names_in(await ask(api, "GET", collection))

    return holds


async def create(api: Api, name: str, *owners: Manifest, **metadata: object) -> Manifest:
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": True,
        }
        for owner in owners
    ]
    return value_of(await ask(api, "POST", CONFIG_MAPS, make_config_map(name, ownerReferences=references, **metadata)))


def test_dependents_follow_their_owner() -> None:
    async def story(api: Api) -> None:
        async with Collector(api):
            own = await create(api, "own")
            kid = await create(api, "kid", own)
            await create(api, "grandkid", kid)
            await ask(api, "DELETE", f"{CONFIG_MAPS}/own")
            await until(api, gone(api, f"{CONFIG_MAPS}/grandkid"))

    tell(story)


def test_what_happened_while_nobody_collected_is_made_up_for() -> None:
    async def story(api: Api) -> None:
        own = await create(api, "own")
        await create(api, "kid", own)
        await ask(api, "DELETE", f"{CONFIG_MAPS}/own")
        async with Collector(api):
            await until(api, gone(api, f"{CONFIG_MAPS}/kid"))

    tell(story)


def test_in_the_foreground_the_owner_goes_last() -> None:
    async def story(api: Api) -> None:
        async with Collector(api):
            own = await create(api, "own")
            await create(api, "kid", own, finalizers=["example.com/x"])
            await ask(api, "DELETE", f"{CONFIG_MAPS}/own", {"propagationPolicy": "Foreground"})

            async def kid_is_going() -> bool:
                return "deletionTimestamp" in (await get(api, f"{CONFIG_MAPS}/kid"))["metadata"]

            await until(api, kid_is_going)
            assert (await get(api, f"{CONFIG_MAPS}/own"))["metadata"]["finalizers"] == ["foregroundDeletion"]
            patch = {"metadata": {"finalizers": None}}
            await ask(api, "PATCH", f"{CONFIG_MAPS}/kid", patch, content_type="application/merge-patch+json")
            await until(api, gone(api, f"{CONFIG_MAPS}/own"))

    tell(story)


def test_orphans_stay_without_their_owner() -> None:
    async def story(api: Api) -> None:
        async with Collector(api):
            own = await create(api, "own")
            await create(api, "kid", own)
            await ask(api, "DELETE", f"{CONFIG_MAPS}/own", {"propagationPolicy": "Orphan"})
            await until(api, gone(api, f"{CONFIG_MAPS}/own"))
            assert "ownerReferences" not in (await get(api, f"{CONFIG_MAPS}/kid"))["metadata"]

    tell(story)


def test_a_namespace_takes_its_content_with_it() -> None:
    async def story(api: Api) -> None:
        async with Collector(api):
            await ask(api, "POST", "/api/v1/namespaces", {"metadata": {"name": "x"}})
            for number in range(20):
                await ask(api, "POST", "/api/v1/namespaces/x/configmaps", make_config_map(f"c{number}", "x"))
            await ask(api, "POST", "/api/v1/namespaces/x/pods", make_pod("p", "x"))
            await ask(api, "DELETE", "/api/v1/namespaces/x")
            await until(api, gone(api, "/api/v1/namespaces/x"))
            assert (await refusal(api, "GET", "/api/v1/namespaces/x/configmaps/c1")).code == 404

    tell(story)


def test_old_events_are_swept() -> None:
    clock = Clock()

    async def story(api: Api) -> None:
        events = "/api/v1/namespaces/default/events"
        event = {"metadata": {"name": "old"}, "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"}}
        await ask(api, "POST", events, event)
        clock.now += timedelta(minutes=61)
        await ask(api, "POST", events, event | {"metadata": {"name": "new"}})
        async with Collector(api):
            await until(api, gone(api, f"{events}/old"))
        assert names_in(await ask(api, "GET", events)) == ["new"]

    tell(story, clock=clock)
