from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.verbs.write import ready_to_go
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest
from tests.unit.apiserver.builders import ask, get, make_config_map, make_peer_authentication, make_pod, refusal, tell, value_of

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
PEER_AUTHENTICATIONS = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"


async def merge(api: Api, path: str, patch: Manifest) -> Manifest:
    return value_of(await ask(api, "PATCH", path, patch, content_type="application/merge-patch+json"))


def test_spec_and_status_have_their_own_writers() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PODS, make_pod())
        pod = await merge(
            api, f"{PODS}/p/status", {"status": {"phase": "Running"}, "spec": {"nodeName": "n"}, "metadata": {"labels": {"l": "m"}}}
        )
        assert (pod["status"]["phase"], "nodeName" in pod["spec"], pod["metadata"]["labels"]) == ("Running", False, {"l": "m"})
        before = api.store.revision
        pod = await merge(api, f"{PODS}/p", {"status": {"phase": "Failed"}})
        assert (pod["status"]["phase"], api.store.revision) == ("Running", before)

    tell(story)


def test_a_status_write_to_a_custom_resource_touches_nothing_else() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PEER_AUTHENTICATIONS, make_peer_authentication())
        patch = {"status": {"conditions": []}, "metadata": {"labels": {"a": "b"}}, "spec": {"mtls": {"mode": "DISABLE"}}}
        changed = await merge(api, f"{PEER_AUTHENTICATIONS}/pa/status", patch)
        assert (changed["status"], changed["spec"]) == ({"conditions": []}, {"mtls": {"mode": "STRICT"}})
        assert "labels" not in changed["metadata"]

    tell(story)


def test_generation_counts_the_changes_of_the_spec() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PEER_AUTHENTICATIONS, make_peer_authentication())
        path = f"{PEER_AUTHENTICATIONS}/pa"
        generations = [
            (await merge(api, path, {"metadata": {"labels": {"a": "b"}}}))["metadata"]["generation"],
            (await merge(api, path, {"spec": {"mtls": {"mode": "UNSET"}}}))["metadata"]["generation"],
            (await merge(api, f"{path}/status", {"status": {"observedGeneration": "2"}}))["metadata"]["generation"],
        ]
        assert generations == [1, 2, 2]

    tell(story)


def test_an_object_goes_when_its_last_finalizer_does() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map(finalizers=["example.com/x"]))
        await ask(api, "DELETE", f"{CONFIG_MAPS}/c")
        assert (await merge(api, f"{CONFIG_MAPS}/c", {"data": {"still": "works"}}))["data"] == {"a": "b", "still": "works"}
        error = await refusal(
            api,
            "PATCH",
            f"{CONFIG_MAPS}/c",
            {"metadata": {"finalizers": ["example.com/x", "example.com/new"]}},
            content_type="application/merge-patch+json",
        )
        assert error.code == 422
        assert "no new finalizers can be added if the object is being deleted" in str(error)
        await merge(api, f"{CONFIG_MAPS}/c", {"metadata": {"finalizers": []}})
        assert (await refusal(api, "GET", f"{CONFIG_MAPS}/c")).code == 404

    tell(story)


def test_nobody_takes_back_a_deletion() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map(finalizers=["example.com/x"]))
        await ask(api, "DELETE", f"{CONFIG_MAPS}/c")
        await merge(api, f"{CONFIG_MAPS}/c", {"metadata": {"deletionTimestamp": None}})
        assert (await get(api, f"{CONFIG_MAPS}/c"))["metadata"]["deletionTimestamp"] == "2026-03-01T12:00:00Z"

    tell(story)


def test_what_a_deleted_object_waits_for() -> None:
    def ready(kind: Kind, **metadata: object) -> bool:
        return ready_to_go(Served(kind, kind.version), {"metadata": metadata, "spec": {}})

    assert not ready(core.CONFIG_MAP)
    assert not ready(core.CONFIG_MAP, deletionTimestamp="t", finalizers=["a/b"])
    assert ready(core.CONFIG_MAP, deletionTimestamp="t", deletionGracePeriodSeconds=0)
    assert not ready(core.POD, deletionTimestamp="t", deletionGracePeriodSeconds=30)
    namespace = {"metadata": {"deletionTimestamp": "t"}, "spec": {"finalizers": ["kubernetes"]}}
    assert not ready_to_go(Served(core.NAMESPACE, "v1"), namespace)
    assert ready(core.NAMESPACE, deletionTimestamp="t")
