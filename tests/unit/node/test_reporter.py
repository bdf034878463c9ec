"""Events about pods."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from hauberk.node import reporter as reporter_module
from hauberk.node.pod.events import Report
from hauberk.node.reporter import EventReporter, build_event

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
KILLING = Report("Normal", "Killing", "Stopping container app", "app")


def test_an_event_names_its_pod_and_container() -> None:
    pod = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7"},
        "spec": {"containers": [{"name": "app"}], "initContainers": [{"name": "init"}]},
    }
    event = build_event(pod, KILLING, name="web.1", now=NOW)
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.1", "namespace": "shop"},
        "involvedObject": {
            "kind": "Pod",
            "apiVersion": "v1",
            "namespace": "shop",
            "name": "web",
            "uid": "u1",
            "resourceVersion": "7",
            "fieldPath": "spec.containers{app}",
        },
        "type": "Normal",
        "reason": "Killing",
        "message": "Stopping container app",
        "source": {"component": "kubelet", "host": "local"},
        "reportingComponent": "kubelet",
        "reportingInstance": "local",
        "firstTimestamp": "2026-11-25T02:30:00Z",
        "lastTimestamp": "2026-11-25T02:30:00Z",
        "count": 1,
    }
    of_init = build_event(pod, Report("Normal", "Started", "m", "init"), name="x", now=NOW)
    assert of_init["involvedObject"]["fieldPath"] == "spec.initContainers{init}"
    assert "fieldPath" not in build_event(pod, Report("Warning", "Failed", "m"), name="x", now=NOW)["involvedObject"]


def test_a_repeated_event_is_counted_and_failures_are_not_fatal(world: Any) -> None:
    async def story() -> None:
        pod = world.make_pod({"name": "app"})
        reporter = EventReporter(world.api.client, lambda: NOW)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            writing = group.create_task(reporter.run())
            for _ in range(3):
                reporter.report(pod, KILLING)
            await world.api.until(lambda: len(world.api.of("PATCH", "/events/")) == 2)
            world.api.away = True
            reporter.report(pod, Report("Normal", "Lost", "m"))
            await asyncio.sleep(0)
            world.api.away = False
            reporter.report(pod, Report("Normal", "Kept", "m"))
            await world.api.until(lambda: len(world.api.of("POST", "/events")) >= 2)
            writing.cancel()
        assert world.api.of("PATCH", "/events/")[-1] == {"count": 3, "lastTimestamp": "2026-11-25T02:30:00Z"}

    asyncio.run(story())


def test_what_does_not_fit_is_dropped(world: Any) -> None:
    async def story() -> None:
        pod = world.make_pod({"name": "app"})
        reporter = EventReporter(world.api.client, lambda: NOW)
        for _ in range(reporter_module.QUEUE_LIMIT + 5):
            reporter.report(pod, KILLING)

    asyncio.run(story())
