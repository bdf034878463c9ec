"""Which kinds an API serves, asked from the API itself, so that a command works with every cluster's own kinds."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from hauberk.client.http import ApiClient
from hauberk.k8s.kind import Kind, Manifest

__all__ = ["discover", "kinds_of_aggregated", "kinds_of_resource_list"]

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def discover(client: ApiClient) -> list[Kind]:
    """The kinds of the API, each in its group's preferred version; the core group first, then groups as the API lists them.

    Two requests where aggregated discovery is served (Kubernetes 1.27 on), else one more for each group.
    Raises: ApiStatusError.
    """
    async with asyncio.TaskGroup() as group:
        core = group.create_task(client.request("GET", "/api", accept=_AGGREGATED))
        named = group.create_task(client.request("GET", "/apis", accept=_AGGREGATED))
    if named.result().get("kind") == "APIGroupDiscoveryList":
        return [*kinds_of_aggregated(core.result()), *kinds_of_aggregated(named.result())]
    preferred = ["/api/v1", *(f"/apis/{entry['preferredVersion']['groupVersion']}" for entry in named.result().get("groups", ()))]
    async with asyncio.TaskGroup() as group:
        lists = [group.create_task(client.request("GET", path)) for path in preferred]
    return [kind for task in lists for kind in kinds_of_resource_list(task.result())]


def kinds_of_aggregated(answer: Manifest) -> Iterator[Kind]:
    """The kinds in an APIGroupDiscoveryList; a resource that several versions serve comes once, in the first."""
    for entry in answer.get("items", ()):
        group = entry.get("metadata", {}).get("name", "")
        seen: set[str] = set()
        for version in entry.get("versions", ()):
            for resource in version.get("resources", ()):
                if resource["resource"] not in seen:
                    seen.add(resource["resource"])
                    yield _kind(
                        resource.get("responseKind", {}).get("group") or group,
                        version["version"],
                        resource["responseKind"]["kind"],
                        plural=resource["resource"],
                        namespaced=resource.get("scope") == "Namespaced",
                        names=resource,
                    )


def kinds_of_resource_list(answer: Manifest) -> Iterator[Kind]:
    """The kinds in an APIResourceList; subresources (`pods/log`) are left out."""
    group, _, version = answer["groupVersion"].rpartition("/")
    for resource in answer.get("resources", ()):
        if "/" not in resource["name"]:
            yield _kind(group, version, resource["kind"], plural=resource["name"], namespaced=resource["namespaced"], names=resource)


def _kind(group: str, version: str, kind: str, *, plural: str, namespaced: bool, names: dict[str, Any]) -> Kind:
    return Kind(
        group,
        version,
        kind,
        plural,
        namespaced=namespaced,
        short_names=_tuple(names.get("shortNames")),
        categories=_tuple(names.get("categories")),
        # Only groups that Kubernetes itself brings take strategic merge patches.
        strategic="." not in group or group.endswith(".k8s.io"),
    )


def _tuple(values: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(values or ())
