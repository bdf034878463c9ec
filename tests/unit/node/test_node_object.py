"""The Node object."""

from datetime import UTC, datetime, timedelta

from hauberk.node.node_object import Machine, build_node, build_node_status, parse_memory_total, parse_os_name

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
MACHINE = Machine("box", "x86_64", "6.18", "Debian 12", "m1", "b1", cpus=2, memory_kib=1024, version="0.1.0")


def test_the_node_is_registered_under_its_name_with_its_labels() -> None:
    assert build_node(MACHINE) == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "local",
            "labels": {"kubernetes.io/hostname": "local", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
        },
        "spec": {},
    }


def test_the_status_says_what_the_machine_is() -> None:
    status = build_node_status(MACHINE, {}, address="10.244.0.1", now=NOW)
    assert status["capacity"] == status["allocatable"] == {"cpu": "2", "memory": "1024Ki", "pods": "110"}
    assert status["addresses"] == [{"type": "InternalIP", "address": "10.244.0.1"}, {"type": "Hostname", "address": "local"}]
    assert status["nodeInfo"] == {
        "machineID": "m1",
        "systemUUID": "m1",
        "bootID": "b1",
        "kernelVersion": "6.18",
        "osImage": "Debian 12",
        "containerRuntimeVersion": "hauberk://0.1.0",
        "kubeletVersion": "v1.36.0+hauberk",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
    assert {entry["type"]: entry["status"] for entry in status["conditions"]} == {
        "MemoryPressure": "False",
        "DiskPressure": "False",
        "PIDPressure": "False",
        "Ready": "True",
    }


def test_a_heartbeat_moves_only_the_heartbeats_time() -> None:
    first = build_node_status(MACHINE, {}, address="a", now=NOW)
    second = build_node_status(MACHINE, first, address="a", now=NOW + timedelta(minutes=1))
    ready = second["conditions"][-1]
    assert (ready["lastHeartbeatTime"], ready["lastTransitionTime"]) == ("2026-11-25T02:31:00Z", "2026-11-25T02:30:00Z")


def test_files_of_the_machine_are_understood_and_may_be_empty() -> None:
    assert [parse_memory_total(text) for text in ("MemTotal:       24681 kB\nMemFree: 1 kB", "")] == [24681, 0]
    assert [parse_os_name(text) for text in ('NAME=x\nPRETTY_NAME="Debian 12"\n', "")] == ["Debian 12", "Linux"]
