"""Services, EndpointSlices and Routes followed (edge): VIPs applied, the DNS zone rebuilt, Routes looked up."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, Informer
from hauberk.errors import HauberkError
from hauberk.k8s import core, discovery, route
from hauberk.k8s.kind import Manifest
from hauberk.node.linux.vips import ServiceVip
from hauberk.node.traffic.balance import plan_vips
from hauberk.node.traffic.dns import Zone, build_zone

__all__ = ["ServiceFollower", "VipTable"]

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0


class VipTable(Protocol):
    """`hauberk.node.linux.network.NodeNetwork`, as far as Services need it."""

    async def set_services(self, services: Sequence[ServiceVip]) -> None:
        """Make these, and only these, the Service VIPs."""


class ServiceFollower:
    """Keeps the node's view of Services; the zone stands from the first look at the API on."""

    def __init__(self, client: ApiClient, vips: VipTable) -> None:
        self.zone = Zone()
        self._vips = vips
        self._changed = asyncio.Event()
        self._services = Informer(client, core.SERVICE, on_change=self._on_change)
        self._slices = Informer(client, discovery.ENDPOINT_SLICE, on_change=self._on_change)
        self._routes = Informer(client, route.ROUTE)

    def services(self) -> Mapping[tuple[str, str], Manifest]:
        """All Services by namespace and name."""
        return self._services.store

    def slices(self) -> Iterable[Manifest]:
        """All EndpointSlices."""
        return self._slices.store.values()

    def routes(self) -> Iterable[Manifest]:
        """All Routes."""
        return self._routes.store.values()

    async def synced(self) -> None:
        """Wait until all Services are known."""
        await self._services.synced.wait()

    async def run(self) -> None:
        """Follow until cancelled. Changes that come while one is applied are applied together, at once after it."""
        async with asyncio.TaskGroup() as group:
            for informer in (self._services, self._slices, self._routes):
                group.create_task(informer.run())
            await self._services.synced.wait()
            await self._slices.synced.wait()
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._apply()

    async def _apply(self) -> None:
        services, slices = list(self._services.store.values()), list(self._slices.store.values())
        self.zone = build_zone(services, slices)
        try:
            await self._vips.set_services(plan_vips(services, slices))
        except (HauberkError, OSError) as error:
            _log.warning("Service VIPs not applied; trying again", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            self._changed.set()

    def _on_change(self, _change: Change) -> None:
        self._changed.set()
