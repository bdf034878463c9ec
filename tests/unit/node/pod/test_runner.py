"""Pods brought to life, with local processes in the place of containers."""

import asyncio
from datetime import timedelta
from typing import Any

from hauberk.names import PROXY_IMAGE
from hauberk.node.logs import read_log
from hauberk.node.pod.programs import Program
from hauberk.node.pod.runner import PodRunner
from hauberk.node.pod.starter import log_path


def container(*command: str, name: str = "app", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "localhost/none", "command": list(command), **more}


def logged(world: Any, runner: PodRunner, name: str = "app", attempt: int = 0) -> list[bytes]:
    return [line.text for line in read_log(log_path(world.around.logs, runner.pod, name, attempt))]


def test_a_pod_runs_says_so_and_is_taken_away(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sleep", "60"))
        async with living(PodRunner(pod, world.around)) as runner:
            status = await world.until_phase("Running")
            assert (status["podIP"], status["containerStatuses"][0]["ready"]) == ("10.244.0.2", True)
            assert world.networks.made == {"uid-web": False}
        assert runner.state.removed
        assert world.networks.made == {}
        assert world.agent.released == ["uid-web"]
        assert not (world.around.run / "uid-web").exists()
        assert world.reasons() == ["Pulled", "Created", "Started", "Killing"]

    asyncio.run(story())


def test_a_deleted_pods_deletion_is_confirmed(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sleep", "60"))
        async with living(PodRunner(pod, world.around)) as runner:
            await world.until_phase("Running")
            deletion = {"deletionTimestamp": "2026-11-25T02:30:00Z", "deletionGracePeriodSeconds": 30}
            runner.update(pod | {"metadata": pod["metadata"] | deletion})
            await world.api.until(lambda: world.api.of("DELETE", "pods/web"))
        assert world.api.of("DELETE", "pods/web") == [{"gracePeriodSeconds": 0, "preconditions": {"uid": "uid-web"}}]

    asyncio.run(story())


def test_a_pod_that_is_deleted_in_the_moment_of_its_start_ends_too(world: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sleep", "60"))
        runner = PodRunner(pod, world.around)
        world.networks.soon_after = runner.gone
        async with asyncio.timeout(10):
            await runner.run()
        assert runner.state.removed
        assert world.launcher.specs == []

    asyncio.run(story())


def test_an_envoy_that_never_was_ready_is_not_waited_for(world: Any, living: Any) -> None:
    async def story() -> None:
        world.agent.argv = ("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done")
        pod = world.make_pod({"name": "istio-proxy", "image": PROXY_IMAGE})
        runner = PodRunner(pod, world.around)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            await world.eventually(lambda: logged(world, runner, "istio-proxy") == [b"deaf"])
            runner.update(pod | {"metadata": pod["metadata"] | {"deletionTimestamp": "now", "deletionGracePeriodSeconds": 30}})

    asyncio.run(story())


def test_the_logs_of_a_deleted_pod_are_removed(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("echo", "x"), restartPolicy="Never")
        async with living(PodRunner(pod, world.around)) as runner:
            await world.until_phase("Succeeded")
            assert logged(world, runner) == [b"x"]
        assert list(world.around.logs.iterdir()) == []

    asyncio.run(story())


def test_a_job_completes_with_its_output_in_the_log(world: Any, living: Any) -> None:
    async def story() -> None:
        script = 'printf "out $NAME\\nhalf"; echo err >&2'
        pod = world.make_pod(container("sh", "-c", script, env=[{"name": "NAME", "value": "x"}]), restartPolicy="Never")
        async with living(PodRunner(pod, world.around)) as runner:
            status = await world.until_phase("Succeeded")
            assert sorted(logged(world, runner)) == [b"err", b"half", b"out x"]
        assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0

    asyncio.run(story())


def test_a_crash_is_restarted_with_a_log_of_its_own(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sh", "-c", "echo dying; exit 3"))
        async with living(PodRunner(pod, world.around)) as runner:
            await world.api.until(lambda: "CrashLoopBackOff" in str(world.status()))
            assert [logged(world, runner, attempt=attempt) for attempt in (0, 1)] == [[b"dying"], [b"dying"]]
            assert world.status()["containerStatuses"][0]["restartCount"] == 1

    asyncio.run(story())


def test_a_program_that_does_not_exist_is_a_start_error(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("/no/such"), restartPolicy="Never")
        async with living(PodRunner(pod, world.around)):
            status = await world.until_phase("Failed")
        ended = status["containerStatuses"][0]["state"]["terminated"]
        assert (ended["exitCode"], ended["reason"], ended["message"]) == (128, "StartError", "exec: No such file or directory: /no/such")

    asyncio.run(story())


def test_what_the_node_does_not_have_is_refused_by_name(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("true"), volumes=[{"name": "v", "hostPath": {"path": "/"}}])
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: world.status().get("reason") == "NotImplemented")
        assert 'volume "v": hostPath is not implemented' in world.status()["message"]
        assert world.launcher.specs == []

    asyncio.run(story())


def test_a_missing_secret_is_told_and_waited_for(world: Any, living: Any) -> None:
    async def story() -> None:
        env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "login", "key": "p"}}}]
        pod = world.make_pod(container("sleep", "60", env=env))
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: 'secret \\"login\\" not found' in repr(world.status()) or "not found" in str(world.status()))
        waiting = world.status()["containerStatuses"][0]["state"]["waiting"]
        assert waiting == {"reason": "CreateContainerConfigError", "message": 'secret "login" not found'}

    asyncio.run(story())


def test_applications_wait_for_their_sidecar_and_it_tells_what_it_waits_for(world: Any, living: Any) -> None:
    async def story() -> None:
        world.agent.waits = ["the CA is away"]
        proxy = {"name": "istio-proxy", "image": f"{PROXY_IMAGE}:1"}
        pod = world.make_pod(container("sleep", "60"), proxy)
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: "the CA is away" in str(world.status()))
            assert world.networks.made == {"uid-web": True}
            assert world.launcher.specs == []
            world.agent.go.set()
            await world.api.until(lambda: "running" in str(world.status()["containerStatuses"][1]["state"]))
            assert world.status()["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}
        (spec,) = world.launcher.specs
        assert (spec.argv, spec.init, spec.capabilities) == (("sleep", "60"), False, ("CAP_NET_ADMIN",))
        assert ("POD", "10.244.0.2") in spec.env

    asyncio.run(story())


def test_readiness_follows_the_probe(world: Any, living: Any) -> None:
    async def story() -> None:
        probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
        world.images["web:1"] = Program(("sleep", "60"))
        pod = world.make_pod({"name": "app", "image": "web:1", "readinessProbe": probe})
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: (world.status().get("containerStatuses") or [{}])[0].get("ready"))

    asyncio.run(story())


def test_a_failed_liveness_probe_restarts_the_container(world: Any, living: Any) -> None:
    async def story() -> None:
        probe = {"exec": {"command": ["false"]}, "failureThreshold": 1}
        pod = world.make_pod(container("sleep", "60", livenessProbe=probe))
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: (world.status().get("containerStatuses") or [{}])[0].get("restartCount"))
        assert world.status()["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 143
        assert "Unhealthy" in world.reasons()

    asyncio.run(story())


def test_a_network_that_fails_is_reported(world: Any, living: Any) -> None:
    async def story() -> None:
        world.networks.failures = ["no veth"]
        pod = world.make_pod(container("sleep", "60"))
        async with living(PodRunner(pod, world.around)):
            await world.api.until(lambda: "FailedCreatePodSandBox" in world.reasons() or world.status())
        assert "FailedCreatePodSandBox" in world.reasons()

    asyncio.run(story())


def test_a_pod_goes_on_while_the_api_is_away_and_catches_up(world: Any, living: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sleep", "60"), automountServiceAccountToken=False)
        world.api.away = True
        async with living(PodRunner(pod, world.around)) as runner:
            await world.eventually(lambda: runner.running)
            assert world.status() == {}
            world.api.away = False
            await world.until_phase("Running")

    asyncio.run(story())


def test_a_node_that_stops_leaves_objects_and_statuses_as_they_are(world: Any) -> None:
    async def story() -> None:
        pod = world.make_pod(container("sleep", "60"))
        runner = PodRunner(pod, world.around)
        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            await world.until_phase("Running")
            runner.stop(timedelta(seconds=5))
        assert world.api.of("DELETE", "") == []
        assert world.status()["phase"] == "Running"

    asyncio.run(story())
