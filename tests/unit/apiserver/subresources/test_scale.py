import pytest

from hauberk.apiserver.api import Api
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import ask, get, refusal, tell, value_of

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
SCALE = f"{DEPLOYMENTS}/web/scale"


def make_deployment(replicas: int = 1) -> Manifest:
    template = {"metadata": {"labels": {"app": "web", "v": "1"}}, "spec": {"containers": [{"name": "main", "image": "i:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"v": "1", "app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}


def test_a_scale_shows_the_replicas_and_the_selector() -> None:
    async def story(api: Api) -> None:
        created = value_of(await ask(api, "POST", DEPLOYMENTS, make_deployment(3)))
        scale = await get(api, SCALE)
        assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
        assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "app=web,v=1"})
        assert scale["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]

    tell(story)


def test_replicas_are_set_by_put_and_by_patch() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", DEPLOYMENTS, make_deployment())
        scale = await get(api, SCALE)
        assert value_of(await ask(api, "PUT", SCALE, scale | {"spec": {"replicas": 4}}))["spec"] == {"replicas": 4}
        patched = await ask(api, "PATCH", SCALE, {"spec": {"replicas": 2}}, content_type="application/merge-patch+json")
        assert value_of(patched)["spec"] == {"replicas": 2}
        deployment = await get(api, f"{DEPLOYMENTS}/web")
        assert (deployment["spec"]["replicas"], deployment["metadata"]["generation"]) == (2, 3)

    tell(story)


@pytest.mark.parametrize(
    ("sent", "code", "start"),
    [
        (
            {"spec": {"replicas": -2}},
            422,
            'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0',
        ),
        ({"spec": {"replicas": "two"}}, 422, 'Scale.autoscaling "web" is invalid'),
        ({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 2}}, 409, 'Operation cannot be fulfilled on deployments.apps "web"'),
        ([], 400, "the body must be an autoscaling/v1 Scale"),
    ],
)
def test_a_scale_that_cannot_be_is_refused(sent: object, code: int, start: str) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", DEPLOYMENTS, make_deployment())
        error = await refusal(api, "PUT", SCALE, sent)
        assert (error.code, str(error)[: len(start)]) == (code, start)

    tell(story)


def test_what_is_not_there_has_no_scale() -> None:
    async def story(api: Api) -> None:
        assert (await refusal(api, "GET", SCALE)).code == 404
        assert (await refusal(api, "PUT", SCALE, {"spec": {"replicas": 1}})).code == 404

    tell(story)
