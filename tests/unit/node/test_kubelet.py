"""The node as a client of the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hauberk.node import kubelet as kubelet_module
from hauberk.node.kubelet import Kubelet, read_machine

PODS = "/api/v1/pods"
NODE = "/api/v1/nodes/local"
SLEEP = {"name": "app", "image": "localhost/none", "command": ["sleep", "60"]}


@pytest.fixture
def node(world: Any, tmp_path: Path) -> Any:
    @asynccontextmanager
    async def run() -> AsyncIterator[Kubelet]:
        async with asyncio.timeout(30), world.api.served(tmp_path) as client, asyncio.TaskGroup() as group:
            object.__setattr__(world.around, "client", client)
            kubelet = Kubelet(world.around)
            running = group.create_task(kubelet.run())
            await world.api.until(lambda: "status" in world.api.objects.get(NODE, {}))
            await world.eventually(lambda: world.api.watched(PODS))
            yield kubelet
            await kubelet.stop(timedelta(seconds=5))
            running.cancel()

    return run


def test_the_node_registers_and_is_ready(world: Any, node: Any) -> None:
    async def story() -> None:
        async with node():
            status = world.api.objects[NODE]["status"]
            assert status["conditions"][-1]["type"] == "Ready"
            assert status["addresses"][0] == {"type": "InternalIP", "address": "10.244.0.1"}

    asyncio.run(story())


def test_pods_that_are_there_and_pods_that_come_are_run_until_they_go(world: Any, node: Any) -> None:
    async def story() -> None:
        world.make_pod(SLEEP, name="first")
        async with node() as kubelet:
            await world.until_phase("Running", "first")
            pod = world.make_pod(SLEEP, name="second")
            world.api.tell("ADDED", PODS, pod)
            await world.until_phase("Running", "second")
            runner = kubelet.find("shop", "second")
            assert runner is not None
            world.api.tell("DELETED", PODS, pod)
            await world.eventually(lambda: not kubelet.find("shop", "second"))
            assert runner.state.removed
            assert kubelet.find("shop", "first") is not None
        assert kubelet.find("shop", "first") is None
        assert world.networks.made == {}
        assert world.api.of("DELETE", "/pods/") == []

    asyncio.run(story())


def test_logs_of_pods_that_went_while_no_node_looked_are_removed(world: Any, node: Any) -> None:
    async def story() -> None:
        for folder in ("shop_old_uid-old", "shop_web_uid-web"):
            (world.around.logs / folder).mkdir(parents=True)
        world.make_pod(SLEEP)
        async with node():
            await world.until_phase("Running")
            assert [folder.name for folder in world.around.logs.iterdir()] == ["shop_web_uid-web"]

    asyncio.run(story())


def test_a_pod_of_the_same_name_replaces_the_one_before(world: Any, node: Any) -> None:
    async def story() -> None:
        old = world.make_pod(SLEEP)
        async with node() as kubelet:
            await world.until_phase("Running")
            first = kubelet.find("shop", "web")
            new = world.make_pod(SLEEP) | {"metadata": old["metadata"] | {"uid": "other"}}
            world.api.put("/api/v1/namespaces/shop/pods/web", new)
            world.api.tell("ADDED", PODS, new)
            await world.eventually(lambda: first.state.removed)
            await world.until_phase("Running")
            assert world.networks.made == {"other": False}

    asyncio.run(story())


def test_a_runner_that_fails_is_our_fault_but_not_the_pods_end(world: Any, node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubelet_module, "CRASHED_RUNNER_RETRY_SECONDS", 0)

    async def story() -> None:
        take = world.around.take_address
        failures = [ValueError("a bug")]

        def failing(owner: str, wanted: str) -> str:
            if failures:
                raise failures.pop()
            return str(take(owner, wanted))

        object.__setattr__(world.around, "take_address", failing)
        world.make_pod(SLEEP)
        async with node():
            await world.until_phase("Running")

    asyncio.run(story())


def test_the_machine_is_read_from_its_files() -> None:
    machine = read_machine()
    assert machine.cpus > 0
    assert machine.memory_kib > 0
    assert machine.kernel_version
