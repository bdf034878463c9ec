import asyncio

from hauberk.client.discovery import discover
from hauberk.k8s.kind import Kind
from tests.unit.client.conftest import Answer, Asked, Serving

POD = Kind("", "v1", "Pod", "pods", short_names=("po",), categories=("all",), strategic=True)
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", short_names=("deploy",), strategic=True)
RULE = Kind("networking.istio.io", "v1", "DestinationRule", "destinationrules", short_names=("dr",))
NODE = Kind("", "v1", "Node", "nodes", namespaced=False, strategic=True)


def resource(kind: Kind) -> dict[str, object]:
    return {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }


def group(name: str, **versions: list[Kind]) -> dict[str, object]:
    entries = [{"version": version, "resources": [resource(kind) for kind in kinds]} for version, kinds in versions.items()]
    return {"metadata": {"name": name}, "versions": entries}


def test_aggregated_discovery_takes_two_requests_and_each_kind_once_in_its_preferred_version(serving: Serving) -> None:
    answers = {
        "/api": {"kind": "APIGroupDiscoveryList", "items": [group("", v1=[POD, NODE])]},
        "/apis": {
            "kind": "APIGroupDiscoveryList",
            "items": [group("apps", v1=[DEPLOYMENT]), group("networking.istio.io", v1=[RULE], v1beta1=[RULE])],
        },
    }

    async def story() -> None:
        async with serving(lambda asked: Answer(answers[asked.path])) as (client, server):
            assert await discover(client) == [POD, NODE, DEPLOYMENT, RULE]
            assert len(server.asked) == 2

    asyncio.run(story())


def test_an_api_without_aggregated_discovery_is_asked_group_by_group(serving: Serving) -> None:
    def plain(kind: Kind) -> dict[str, object]:
        names = {"shortNames": list(kind.short_names), "categories": list(kind.categories)}
        return {"name": kind.plural, "kind": kind.kind, "namespaced": kind.namespaced, **names}

    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": [{"preferredVersion": {"groupVersion": "networking.istio.io/v1"}}]},
        "/api/v1": {
            "groupVersion": "v1",
            "resources": [plain(POD), {"name": "pods/log", "kind": "Pod", "namespaced": True}, plain(NODE)],
        },
        "/apis/networking.istio.io/v1": {"groupVersion": "networking.istio.io/v1", "resources": [plain(RULE)]},
    }

    async def story() -> None:
        def script(asked: Asked) -> Answer:
            return Answer(answers[asked.path])

        async with serving(script) as (client, _):
            assert await discover(client) == [POD, NODE, RULE]

    asyncio.run(story())
