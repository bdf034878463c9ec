import pytest

from hauberk.apiserver.api import Api
from tests.unit.apiserver.builders import ask, get, make_pod, refusal, tell, value_of

PODS = "/api/v1/namespaces/default/pods"
BINDING = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "local"}}


def test_a_pod_is_put_on_a_node_once() -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PODS, make_pod())
        reply = await ask(api, "POST", f"{PODS}/p/binding", BINDING)
        assert (reply.code, value_of(reply)["status"]) == (201, "Success")
        assert (await get(api, f"{PODS}/p"))["spec"]["nodeName"] == "local"
        again = await refusal(api, "POST", f"{PODS}/p/binding", BINDING)
        assert (again.code, str(again).endswith("pod p is already assigned to node 'local'")) == (409, True)

    tell(story)


@pytest.mark.parametrize("binding", [{}, {"target": {}}, [], {"target": {"name": 3}}])
def test_a_binding_must_name_a_node(binding: object) -> None:
    async def story(api: Api) -> None:
        await ask(api, "POST", PODS, make_pod())
        assert (await refusal(api, "POST", f"{PODS}/p/binding", binding)).code == 400

    tell(story)


def test_pods_that_are_not_there_or_going_cannot_be_bound() -> None:
    async def story(api: Api) -> None:
        assert (await refusal(api, "POST", f"{PODS}/p/binding", BINDING)).code == 404
        pod = make_pod()
        pod["metadata"]["finalizers"] = ["example.com/x"]
        await ask(api, "POST", PODS, pod)
        await ask(api, "DELETE", f"{PODS}/p")
        assert (await refusal(api, "POST", f"{PODS}/p/binding", BINDING)).code == 409

    tell(story)
