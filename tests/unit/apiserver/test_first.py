from hauberk.apiserver.api import Api
from hauberk.apiserver.first import create_first_namespaces, create_first_service
from tests.unit.apiserver.builders import ask, get, names_in, tell


def test_the_namespaces_of_every_cluster_are_there_from_the_start() -> None:
    async def story(api: Api) -> None:
        listing = await ask(api, "GET", "/api/v1/namespaces")
        assert names_in(listing) == ["default", "kube-node-lease", "kube-public", "kube-system"]
        namespace = await get(api, "/api/v1/namespaces/default")
        assert namespace["spec"] == {"finalizers": ["kubernetes"]}
        assert namespace["status"] == {"phase": "Active"}
        assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "default"}

    tell(story)


def test_another_start_changes_nothing() -> None:
    async def story(api: Api) -> None:
        before = api.store.revision
        await create_first_namespaces(api)
        assert api.store.revision == before

    tell(story)


def test_pods_find_the_api_by_its_service() -> None:
    async def story(api: Api) -> None:
        await create_first_service(api)
        revision = api.store.revision
        await create_first_service(api)
        assert api.store.revision == revision
        service = await get(api, "/api/v1/namespaces/default/services/kubernetes")
        assert service["spec"]["clusterIP"] == "10.96.0.1"
        assert [(port["name"], port["port"]) for port in service["spec"]["ports"]] == [("https", 443)]

    tell(story)
