"""An acknowledged write survives kill -9 of the server under a writing client."""

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx2

from hauberk.client.http import ApiClient
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from tests.conformance.api_process import ApiProcess, api_process

WRITERS = 8
WRITES = 400


def make_config_map(name: str, number: int) -> Manifest:
    return {"metadata": {"name": name, "namespace": "default"}, "data": {"number": str(number), "padding": "x" * 500}}


class Ledger:
    """What was acknowledged: by name, the number written and its resourceVersion."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, tuple[int, int]] = {}
        self.count = 0
        self.enough = asyncio.Event()

    def note(self, name: str, number: int, answer: Manifest) -> None:
        self.acknowledged[name] = (number, int(answer["metadata"]["resourceVersion"]))
        self.count += 1
        if self.count >= WRITES:
            self.enough.set()


async def _write(client: ApiClient, writer: int, ledger: Ledger) -> None:
    """Create an object, then change it over and over, until the server is gone."""
    with suppress(httpx2.TransportError):
        for number in range(100_000):
            name = f"w{writer}-{number // 10}"
            obj = make_config_map(name, number)
            answer = await (client.create(core.CONFIG_MAP, obj) if number % 10 == 0 else client.update(core.CONFIG_MAP, obj))
            ledger.note(name, number, answer)


async def _write_until_killed(server: ApiProcess) -> Ledger:
    ledger, client = Ledger(), server.client()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(_write(client, writer, ledger))
        await ledger.enough.wait()
        server.kill()
    await client.close()
    return ledger


async def _check(server: ApiProcess, ledger: Ledger) -> None:
    client = server.client()
    listing = await client.list(core.CONFIG_MAP, "default")
    found = {item["metadata"]["name"]: int(item["data"]["number"]) for item in listing.items}
    lost = {name: number for name, (number, _) in ledger.acknowledged.items() if found.get(name, -1) < number}
    assert lost == {}
    latest = max(revision for _, revision in ledger.acknowledged.values())
    assert int(listing.resource_version) >= latest
    # revisions go on above all that anybody has seen, and a watch resumes where the killed server left it
    created = await client.create(core.CONFIG_MAP, make_config_map("after", 0))
    assert int(created["metadata"]["resourceVersion"]) > latest
    async with asyncio.timeout(10):
        async for event in client.watch(core.CONFIG_MAP, "default", resource_version=str(latest)):
            assert event.type != "ERROR", event.object
            if event.object["metadata"]["name"] == "after":
                break
    await client.close()


def test_no_acknowledged_write_is_lost_when_the_server_is_killed_under_writers(tmp_path: Path) -> None:
    with api_process(tmp_path) as server:
        ledger = asyncio.run(_write_until_killed(server))
    with api_process(tmp_path) as again:
        asyncio.run(_check(again, ledger))
