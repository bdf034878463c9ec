import pytest

from hauberk.apiserver.api import Api
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import Clock, ask, get, make_config_map, make_pod, refusal, tell, value_of

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


async def scheduled(api: Api, **spec: object) -> Manifest:
    return value_of(await ask(api, "POST", PODS, make_pod(nodeName="n", **spec)))


def test_an_object_is_gone_at_once_and_the_answer_says_so() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        status = value_of(await ask(api, "DELETE", f"{CONFIG_MAPS}/c"))
        assert status["status"] == "Success"
        assert status["details"] == {"name": "c", "kind": "configmaps", "uid": "uid-5"}
        assert (await refusal(api, "DELETE", f"{CONFIG_MAPS}/c")).code == 404

    tell(story)


def test_finalizers_are_waited_for() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map(finalizers=["example.com/x"]))
        going = value_of(await ask(api, "DELETE", f"{CONFIG_MAPS}/c"))
        assert going["kind"] == "ConfigMap"
        assert going["metadata"]["deletionTimestamp"] == "2026-03-01T12:00:00Z"
        assert going["metadata"]["deletionGracePeriodSeconds"] == 0
        before = api.store.revision
        assert value_of(await ask(api, "DELETE", f"{CONFIG_MAPS}/c")) == going
        assert api.store.revision == before

    tell(story)


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_dependents_are_seen_to_by_the_collector_first(policy: str, finalizer: str) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        going = value_of(await ask(api, "DELETE", f"{CONFIG_MAPS}/c", {"propagationPolicy": policy}))
        assert going["metadata"]["finalizers"] == [finalizer]

    tell(story)


def test_a_running_pod_is_given_its_grace_and_its_node_confirms() -> None:
    async def story(api: Api) -> None:
        await scheduled(api, terminationGracePeriodSeconds=20)
        going = value_of(await ask(api, "DELETE", f"{PODS}/p"))
        assert going["metadata"]["deletionTimestamp"] == "2026-03-01T12:00:20Z"
        assert (going["metadata"]["deletionGracePeriodSeconds"], going["metadata"]["generation"]) == (20, 2)
        sooner = value_of(await ask(api, "DELETE", f"{PODS}/p", {"gracePeriodSeconds": 5}))
        assert sooner["metadata"]["deletionGracePeriodSeconds"] == 5
        later = value_of(await ask(api, "DELETE", f"{PODS}/p", {"gracePeriodSeconds": 50}))
        assert later == sooner
        await ask(api, "DELETE", f"{PODS}/p", {"gracePeriodSeconds": 0})
        assert (await refusal(api, "GET", f"{PODS}/p")).code == 404

    tell(story)


def test_a_pod_that_no_node_has_is_gone_at_once() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PODS, make_pod())
        answer = value_of(await ask(api, "DELETE", f"{PODS}/p"))
        assert answer["kind"] == "Pod"
        assert (await refusal(api, "GET", f"{PODS}/p")).code == 404

    tell(story)


def test_a_pod_that_has_ended_is_gone_at_once() -> None:
    async def story(api: Api) -> None:
        pod = await scheduled(api)
        await ask(api, "PUT", f"{PODS}/p/status", pod | {"status": {"phase": "Succeeded"}})
        await ask(api, "DELETE", f"{PODS}/p")
        assert (await refusal(api, "GET", f"{PODS}/p")).code == 404

    tell(story)


def test_a_namespace_is_terminating_until_it_is_empty() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", "/api/v1/namespaces", {"metadata": {"name": "x"}})
        going = value_of(await ask(api, "DELETE", "/api/v1/namespaces/x"))
        assert going["status"]["phase"] == "Terminating"
        error = await refusal(api, "POST", "/api/v1/namespaces/x/configmaps", make_config_map(namespace="x"))
        assert str(error) == 'configmaps "c" is forbidden: unable to create new content in namespace x because it is being terminated'
        await ask(api, "PUT", "/api/v1/namespaces/x/finalize", {"metadata": {"name": "x"}, "spec": {"finalizers": []}})
        assert (await refusal(api, "GET", "/api/v1/namespaces/x")).code == 404

    tell(story)


def test_the_default_namespace_stays() -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "DELETE", "/api/v1/namespaces/default")
        assert (error.code, str(error)) == (403, 'namespaces "default" is forbidden: this namespace may not be deleted')

    tell(story)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            {"preconditions": {"uid": "aaaa"}},
            409,
            'Operation cannot be fulfilled on ConfigMap "c": the UID in the precondition (aaaa) does not match the UID in record (uid-5). '
            "The object might have been deleted and then recreated",
        ),
        (
            {"preconditions": {"resourceVersion": "1"}},
            409,
            'Operation cannot be fulfilled on ConfigMap "c": the ResourceVersion in the precondition (1) does not match '
            "the ResourceVersion in record (5). The object might have been modified",
        ),
        (
            {"propagationPolicy": "Nope"},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Nope": '
            'supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": '
            "orphanDependents and deletionPropagation cannot be both set",
        ),
        (
            {"gracePeriodSeconds": -1},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: gracePeriodSeconds: Invalid value: -1: must be non-negative',
        ),
        ([1], 400, "the body of a DELETE must be a DeleteOptions object"),
    ],
)
def test_options_that_do_not_hold_delete_nothing(options: object, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        error = await refusal(api, "DELETE", f"{CONFIG_MAPS}/c", options)
        assert (error.code, str(error)) == (code, message)
        assert (await get(api, f"{CONFIG_MAPS}/c"))["metadata"]["uid"] == "uid-5"

    tell(story)


@pytest.mark.parametrize(("query", "body"), [("?dryRun=All", None), ("", {"dryRun": ["All"]})])
def test_a_dry_run_deletes_nothing(query: str, body: object) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", CONFIG_MAPS, make_config_map())
        before = api.store.revision
        assert value_of(await ask(api, "DELETE", f"{CONFIG_MAPS}/c{query}", body))["status"] == "Success"
        assert api.store.revision == before

    tell(story)


def test_grace_and_policy_may_stand_in_the_query() -> None:
    async def story(api: Api) -> None:
        await scheduled(api)
        await ask(api, "DELETE", f"{PODS}/p?gracePeriodSeconds=0&propagationPolicy=Background")
        assert (await refusal(api, "GET", f"{PODS}/p")).code == 404

    tell(story, clock=Clock())
