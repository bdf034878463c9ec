"""Actions against a transport that answers as told; what was asked is compared whole."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.controllers.actions import Action, Again, Attempt, Bind, Create, Delete, Event, Patch, PatchStatus, Together, Update
from hauberk.controllers.cluster import Cluster
from hauberk.controllers.perform import Performer
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import NOW, STAMP, cluster_of, make_pod

POD = make_pod("p")
PODS = "/api/v1/namespaces/bookinfo/pods"
EVENTS = "/api/v1/namespaces/bookinfo/events"
Asked = tuple[str, str, Any]
Answer = Callable[[str, str, Any], tuple[int, Manifest]]


def refusal(code: int, reason: str, message: str = "no", **details: Any) -> tuple[int, Manifest]:
    return code, {"kind": "Status", "code": code, "reason": reason, "message": message} | ({"details": details} if details else {})


def echo(_method: str, _path: str, body: Any) -> tuple[int, Manifest]:
    return 200, body if isinstance(body, dict) and "metadata" in body else POD


def perform(actions: Sequence[Action], answer: Answer = echo, cluster: Cluster | None = None) -> list[Asked]:
    """Perform all and answer the requests that were made; what is raised comes out."""
    asked: list[Asked] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        body = orjson.loads(request.content) if request.content else None
        asked.append((request.method, request.url.path, body))
        code, content = answer(*asked[-1])
        return httpx2.Response(code, json=content)

    async def go() -> None:
        client = ApiClient(httpx2.AsyncClient(transport=httpx2.MockTransport(handle), base_url="https://api"))
        try:
            await Performer(client, cluster or Cluster(), component="tester", clock=lambda: NOW).perform_all(actions)
        finally:
            await client.close()

    asyncio.run(go())
    return asked


def test_each_action_is_one_request_in_its_order() -> None:
    actions = [
        Create(core.POD, POD),
        Update(core.POD, POD),
        Patch(core.POD, "bookinfo", "p", {"metadata": {"labels": {"a": "b"}}}),
        PatchStatus(core.POD, "bookinfo", "p", {"phase": "Running"}),
        Delete(core.POD, "bookinfo", "p", "uid-p"),
        Bind("bookinfo", "p", "local"),
        Again(timedelta(seconds=1)),
    ]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "p", "namespace": "bookinfo"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "local"},
    }
    assert perform(actions) == [
        ("POST", PODS, POD),
        ("PUT", f"{PODS}/p", POD),
        ("PATCH", f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}}),
        ("PATCH", f"{PODS}/p/status", {"status": {"phase": "Running"}}),
        ("DELETE", f"{PODS}/p", {"preconditions": {"uid": "uid-p"}, "propagationPolicy": "Background"}),
        ("POST", f"{PODS}/p/binding", binding),
    ]


def test_answers_are_seen_at_once() -> None:
    cluster = Cluster()
    perform([Create(core.POD, POD)], cluster=cluster)
    assert cluster.list(core.POD) == [POD]
    perform([Delete(core.POD, "bookinfo", "p", "uid-p")], cluster=cluster)
    assert cluster.list(core.POD) == []


def test_an_event_says_who_what_and_when() -> None:
    ((_, path, event),) = perform([Event(POD, "Scheduled", "Assigned", "Warning")])
    name = event["metadata"]["name"]
    assert path == EVENTS
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": "bookinfo"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "p",
            "namespace": "bookinfo",
            "uid": "uid-p",
            "resourceVersion": "",
        },
        "type": "Warning",
        "reason": "Scheduled",
        "message": "Assigned",
        "count": 1,
        "firstTimestamp": STAMP,
        "lastTimestamp": STAMP,
        "source": {"component": "tester"},
        "reportingComponent": "tester",
        "reportingInstance": "",
    }
    assert name.startswith("p.")


def test_an_event_that_repeats_counts_up() -> None:
    def answer(method: str, _path: str, _body: Any) -> tuple[int, Manifest]:
        return refusal(409, "AlreadyExists") if method == "POST" else (200, {"count": 3})

    *_, (method, path, patch) = perform([Event(POD, "Scheduled", "Assigned")], answer)
    assert (method, path.startswith(f"{EVENTS}/p."), patch) == ("PATCH", True, {"count": 4, "lastTimestamp": STAMP})


def test_an_event_that_cannot_be_written_stops_nothing() -> None:
    def answer(_method: str, path: str, body: Any) -> tuple[int, Manifest]:
        return refusal(403, "Forbidden") if path == EVENTS else echo("", path, body)

    asked = perform([Event(POD, "A", "a"), Create(core.POD, POD)], answer)
    assert [path for _, path, _ in asked] == [EVENTS, PODS]


def test_events_that_follow_a_creation_name_what_was_made() -> None:
    create = Create(core.POD, POD, succeeded=Event(POD, "SuccessfulCreate", "Created pod: {name}"))
    _, (_, _, event) = perform([create])
    assert event["message"] == "Created pod: p"


def test_a_refused_creation_is_told_and_raised() -> None:
    def answer(_method: str, path: str, body: Any) -> tuple[int, Manifest]:
        return refusal(422, "Invalid", "bad image") if path == PODS else echo("", path, body)

    told: list[str] = []

    def telling(method: str, path: str, body: Any) -> tuple[int, Manifest]:
        if path == EVENTS:
            told.append(body["message"])
        return answer(method, path, body)

    create = Create(core.POD, POD, failed=Event(POD, "FailedCreate", "Error creating: {error}", "Warning"))
    with pytest.raises(ApiStatusError, match="bad image"):
        perform([create], telling)
    assert told == ["Error creating: bad image"]


@pytest.mark.parametrize(
    "answer",
    [
        refusal(409, "AlreadyExists"),
        refusal(404, "NotFound"),
        refusal(403, "Forbidden", causes=[{"reason": "NamespaceTerminating"}]),
    ],
)
def test_a_creation_that_has_become_pointless_is_no_error(answer: tuple[int, Manifest]) -> None:
    asked = perform(
        [Create(core.POD, POD), Patch(core.POD, "bookinfo", "p", {})], lambda *call: answer if call[0] == "POST" else (200, POD)
    )
    assert [method for method, _, _ in asked] == ["POST", "PATCH"]


@pytest.mark.parametrize(
    "action", [Patch(core.POD, "bookinfo", "p", {}), PatchStatus(core.POD, "bookinfo", "p", {}), Bind("bookinfo", "p", "n")]
)
def test_an_object_that_is_gone_is_no_error(action: Action) -> None:
    assert len(perform([action], lambda *_: refusal(404, "NotFound"))) == 1


def test_another_object_by_now_is_not_deleted() -> None:
    cluster = cluster_of((core.POD, POD))
    perform([Delete(core.POD, "bookinfo", "p", "uid-other")], lambda *_: refusal(409, "Conflict"), cluster)
    assert cluster.list(core.POD) == [POD]


@pytest.mark.parametrize(
    "action",
    [
        Update(core.POD, POD),
        Patch(core.POD, "bookinfo", "p", {}),
        Delete(core.POD, "bookinfo", "p", "u"),
        Bind("bookinfo", "p", "n"),
        Create(core.POD, POD),
    ],
)
def test_what_the_server_cannot_do_now_is_raised_and_the_rest_left(action: Action) -> None:
    calls: list[str] = []

    def answer(method: str, _path: str, _body: Any) -> tuple[int, Manifest]:
        calls.append(method)
        return refusal(500, "InternalError", "disk full")

    with pytest.raises(ApiStatusError, match="disk full"):
        perform([action, Create(core.POD, POD)], answer)
    assert len(calls) == 1


def test_what_is_done_together_is_all_tried_and_the_first_failure_raised() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: Any) -> tuple[int, Manifest]:
        asked.append(path)
        return refusal(500, "InternalError", "disk full") if path.endswith("/p1") else echo(method, path, body)

    patches = tuple(Patch(core.POD, "bookinfo", f"p{number}", {}) for number in range(40))
    with pytest.raises(ApiStatusError, match="disk full"):
        perform([Together(patches)], answer)
    assert sorted(asked) == sorted(f"{PODS}/p{number}" for number in range(40))


def test_what_is_refused_is_written_where_its_owner_looks_and_raised() -> None:
    asked: list[Asked] = []

    def answer(method: str, path: str, body: Any) -> tuple[int, Manifest]:
        asked.append((method, path, body))
        return refusal(403, "Forbidden", "not you") if method == "DELETE" else (200, POD)

    status = {"conditions": [{"type": "Ready", "message": "{error}"}], "count": 1}
    attempt = Attempt(Delete(core.POD, "bookinfo", "p", ""), PatchStatus(core.POD, "bookinfo", "p", status))
    with pytest.raises(ApiStatusError, match="not you"):
        perform([attempt], answer)
    method, path, body = asked[-1]
    assert (method, path) == ("PATCH", f"{PODS}/p/status")
    assert "not you" in body["status"]["conditions"][0]["message"]
    assert body["status"]["count"] == 1
