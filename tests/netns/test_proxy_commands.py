"""proxy-status, proxy-config and build on a whole mesh: what they say is what the Envoys have."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.netns.instance import BOOKINFO, Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]
REVIEWS = "outbound|9080||reviews.bookinfo.svc.cluster.local"
POD = "deploy/reviews-v1"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with instance(tmp_path_factory.mktemp("mesh"), f"p{os.getpid()}") as made:
        made.mesh()
        made.members("bookinfo")
        made.bookinfo()
        yield made


def test_every_sidecar_and_gateway_is_synced(up: Instance) -> None:
    def synced() -> bool:
        rows = [line.split() for line in up.run("proxy-status").out.splitlines()[1:]]
        return len(rows) == 8 and all("STALE" not in row and "ERROR" not in row for row in rows)

    up.within(30, "eight Envoys are synced", synced)
    entries = json.loads(up.run("proxy-status", "-o", "json").out)
    assert {entry["mesh"] for entry in entries} == {"istio-system/basic"}


def test_one_envoy_may_be_asked_for_and_one_that_is_not_there_is_told(up: Instance) -> None:
    name = up.run("proxy-status").out.splitlines()[1].split()[0]
    assert len(up.run("proxy-status", name).out.splitlines()) == 2
    assert up.run("proxy-status", "nope", check=False).err == (
        "error: No Envoy of nope is connected. `hauberk proxy-status` shows those that are.\n"
    )


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("clusters", "reviews.bookinfo.svc.cluster.local"),
        ("listeners", "Route: 9080"),
        ("routes", "reviews.bookinfo.svc.cluster.local:9080"),
        ("endpoints", REVIEWS),
        ("secrets", "Cert Chain   ACTIVE   true"),
    ],
)
def test_the_envoy_of_a_pod_says_what_it_has(up: Instance, kind: str, line: str) -> None:
    assert line in up.run("proxy-config", kind, POD, "-n", "bookinfo").out


def test_secrets_are_shown_without_their_key(up: Instance) -> None:
    told = up.run("proxy-config", "secrets", POD, "-n", "bookinfo", "-o", "json").out
    assert [secret["name"] for secret in json.loads(told)] == ["ROOTCA", "default"]
    assert "private_key" not in told


def test_build_gives_from_files_what_the_running_envoy_has(up: Instance, tmp_path: Path) -> None:
    documents = [one for one in yaml.safe_load_all((BOOKINFO / "bookinfo.yaml").read_text()) if one]
    for one in documents:
        one["metadata"]["namespace"] = "bookinfo"
    plane, roll = up.json("get", "smcp", "basic", "-n", "istio-system"), up.json("get", "smmr", "default", "-n", "istio-system")
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([*documents, plane, roll]))
    built = json.loads(up.run("build", "-f", str(tmp_path), "--proxy", "bookinfo/reviews-v1", "-o", "json").out)

    def live(kind: str) -> dict[str, object]:
        told = json.loads(up.run("proxy-config", kind, POD, "-n", "bookinfo", "-o", "json").out)
        return {one["name"]: one for one in told if "name" in one}

    clusters, listeners = live("clusters"), live("listeners")
    assert {one["name"]: one for one in built["clusters"]}[REVIEWS] == clusters[REVIEWS]
    inbound = {one["name"]: one for one in built["listeners"]}["virtualInbound"]
    assert inbound == listeners["virtualInbound"]
