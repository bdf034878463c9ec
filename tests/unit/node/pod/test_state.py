"""A pod's plan from its manifest."""

from datetime import timedelta
from typing import Any

import pytest

from hauberk.names import PROXY_IMAGE
from hauberk.node.pod.state import ContainerPlan, ContainerState, RestartPolicy, Role, Run, plan_containers

PROXY = {"name": "istio-proxy", "image": f"{PROXY_IMAGE}:1.0"}
APP = {"name": "app", "image": "i"}


def make_pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}, "spec": spec}


def test_containers_are_planned_in_the_order_of_starting() -> None:
    inits = [{"name": "one", "image": "i"}, {"name": "log", "image": "i", "restartPolicy": "Always", "startupProbe": {}}]
    state = plan_containers(make_pod(containers=[APP, PROXY], initContainers=inits))
    assert state.plans == (
        ContainerPlan("istio-proxy", f"{PROXY_IMAGE}:1.0", Role.SIDECAR, RestartPolicy.ALWAYS, has_readiness_probe=True),
        ContainerPlan("one", "i", Role.INIT, RestartPolicy.ON_FAILURE),
        ContainerPlan("log", "i", Role.NATIVE, RestartPolicy.ALWAYS, has_startup_probe=True),
        ContainerPlan("app", "i", Role.APP, RestartPolicy.ALWAYS),
    )


@pytest.mark.parametrize(("policy", "of_init"), [("Always", "OnFailure"), ("OnFailure", "OnFailure"), ("Never", "Never")])
def test_an_init_container_restarts_on_failure_unless_the_pod_never_restarts(policy: str, of_init: str) -> None:
    state = plan_containers(make_pod(containers=[APP], initContainers=[{"name": "one", "image": "i"}], restartPolicy=policy))
    assert [plan.restart for plan in state.plans] == [RestartPolicy(of_init), RestartPolicy(policy)]


def test_istio_proxy_alone_is_an_application() -> None:
    assert [plan.role for plan in plan_containers(make_pod(containers=[PROXY])).plans] == [Role.APP]


@pytest.mark.parametrize(
    ("spec", "seconds"), [({}, 30), ({"terminationGracePeriodSeconds": 0}, 0), ({"terminationGracePeriodSeconds": 5}, 5)]
)
def test_grace_is_thirty_seconds_unless_said_otherwise(spec: dict[str, Any], seconds: int) -> None:
    assert plan_containers(make_pod(containers=[APP], **spec)).grace == timedelta(seconds=seconds)


def test_a_state_with_another_container_leaves_the_old_one_as_it_was() -> None:
    state = plan_containers(make_pod(containers=[APP]))
    other = state.having("app", ContainerState(run=Run.RUNNING))
    assert (state["app"].run, other["app"].run) == (Run.WAITING, Run.RUNNING)
    assert other["app"].alive
    assert state.full_name == "web_shop(u1)"
    with pytest.raises(KeyError):
        state.plan("other")
