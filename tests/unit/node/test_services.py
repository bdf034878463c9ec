"""Services followed: VIPs and the zone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hauberk.errors import HauberkError
from hauberk.node import services as services_module
from hauberk.node.linux.vips import ServiceVip
from hauberk.node.services import ServiceFollower

SERVICE = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.1.1", "ports": [{"name": "http", "port": 80}]},
}
SLICE = {
    "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
    "ports": [{"name": "http", "port": 8080}],
    "endpoints": [{"addresses": ["10.244.0.5"]}],
}


class Table:
    """What was applied, and what is to fail first."""

    def __init__(self, *failures: Exception) -> None:
        self.applied: asyncio.Queue[list[ServiceVip]] = asyncio.Queue()
        self.failures = list(failures)

    async def set_services(self, services: Sequence[ServiceVip]) -> None:
        if self.failures:
            raise self.failures.pop()
        self.applied.put_nowait(list(services))


@pytest.mark.parametrize("failures", [(), (HauberkError("netlink"),), (OSError("netlink"),)])
def test_changes_reach_vips_and_zone(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: Any) -> None:
    monkeypatch.setattr(services_module, "RETRY_SECONDS", 0)

    async def story() -> None:
        table = Table(*failures)
        world.api.put("/api/v1/namespaces/shop/services/web", SERVICE)
        async with asyncio.timeout(20), world.api.served(tmp_path) as client, asyncio.TaskGroup() as group:
            follower = ServiceFollower(client, table)
            running = group.create_task(follower.run())
            await follower.synced()
            assert await table.applied.get() == [ServiceVip("10.96.1.1", 80, "TCP", ())]
            assert follower.zone.addresses == {"web.shop.svc.cluster.local": ("10.96.1.1",)}
            slices = "/apis/discovery.k8s.io/v1/endpointslices"
            await world.eventually(lambda: world.api.watched(slices))
            world.api.tell("ADDED", slices, SLICE)
            assert await table.applied.get() == [ServiceVip("10.96.1.1", 80, "TCP", (("10.244.0.5", 8080),))]
            assert (list(follower.services()), list(follower.slices()), list(follower.routes())) == ([("shop", "web")], [SLICE], [])
            running.cancel()

    asyncio.run(story())
