"""From a container's manifest to a started process."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hauberk.names import PROXY_IMAGE
from hauberk.node.linux.sandbox import Bind
from hauberk.node.logs import read_log
from hauberk.node.pod.files import PodFiles
from hauberk.node.pod.programs import CannotStart, Program
from hauberk.node.pod.starter import Prepared, RunningProcess, Starter, copy_output, log_path


def prepared(world: Any, container: dict[str, Any], **spec: Any) -> Prepared:
    async def story() -> Prepared:
        pod = world.make_pod(container, **spec) | {"status": {"podIP": "10.244.0.7"}}
        starter = Starter(world.around, PodFiles(pod, world.around))
        return await starter.prepare(pod, container, "/run/netns/x", waiting=lambda _why: None)

    return asyncio.run(story())


def test_a_container_is_told_all_that_its_manifest_says(world: Any) -> None:
    world.images["web:1"] = Program(("serve",), {"PORT": "80"})
    container = {
        "name": "app",
        "image": "web:1",
        "args": ["--on=$(IP):$(PORT)", "$(NONE)"],
        "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "workingDir": "/srv",
        "tty": True,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = prepared(world, container, volumes=[{"name": "tmp", "emptyDir": {}}], hostname="box").spec
    assert (spec.argv, spec.netns, spec.hostname, spec.cwd) == (("serve", "--on=10.244.0.7:80", "$(NONE)"), "/run/netns/x", "box", "/srv")
    assert dict(spec.env).items() >= {"HOSTNAME": "box", "HOME": "/", "PORT": "80", "IP": "10.244.0.7"}.items()
    assert spec.binds == (Bind(str(world.around.run / "uid-web/volumes/tmp"), "/tmp", readonly=False),)
    assert (spec.capabilities, spec.init, spec.tty) == ((), True, True)
    files = dict(spec.files)
    assert "search shop.svc.cluster.local svc.cluster.local cluster.local" in files["/etc/resolv.conf"]
    assert "10.244.0.7" in files["/etc/hosts"]


def test_envoy_is_started_as_its_agent_says_and_its_admin_socket_is_found(world: Any) -> None:
    found = prepared(world, {"name": "istio-proxy", "image": PROXY_IMAGE})
    folder = world.around.run / "uid-web/proxy"
    assert (found.spec.argv, found.spec.capabilities, found.spec.init) == (("sleep", "60"), ("CAP_NET_ADMIN",), False)
    assert found.spec.binds == (Bind(str(folder), "/etc/istio/proxy", readonly=False),)
    assert found.admin_socket == folder / "admin.sock"


def test_an_image_without_program_cannot_be_prepared(world: Any) -> None:
    with pytest.raises(CannotStart, match="ErrImagePull"):
        prepared(world, {"name": "app", "image": "nginx"})


@pytest.mark.parametrize("tty", [False, True])
def test_output_goes_to_the_log_of_its_run_and_old_runs_are_forgotten(world: Any, tty: bool) -> None:
    container = {"name": "app", "image": "localhost/none", "command": ["sh", "-c", "echo out; exit 4"], "tty": tty}

    async def story() -> tuple[int, list[bytes], list[Path]]:
        pod = world.make_pod(container) | {"status": {"podIP": "10.244.0.7"}}
        starter = Starter(world.around, PodFiles(pod, world.around))
        for attempt in range(4):
            ready = await starter.prepare(pod, container, "", waiting=lambda _why: None)
            process: RunningProcess = await starter.launch(pod, "app", ready, attempt=attempt)
            await copy_output(process, world.around.now)
            code = await process.handle.wait()
        path = log_path(world.around.logs, pod, "app", 3)
        return code, [line.text for line in read_log(path)], sorted(path.parent.iterdir())

    code, lines, logs = asyncio.run(story())
    assert (code, [line.removesuffix(b"\r") for line in lines]) == (4, [b"out"])
    assert [log.name for log in logs] == ["2.log", "3.log"]
