"""Volumes on disk, fetched from the API and kept fresh."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hauberk.node.linux.sandbox import Bind
from hauberk.node.pod import files as files_module
from hauberk.node.pod.files import PodFiles, write_volume
from hauberk.node.pod.programs import CannotStart
from hauberk.node.pod.volumes import Mount, VolumeContent

SETTINGS = "/api/v1/namespaces/shop/configmaps/settings"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_pod(world: Any, *volumes: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = world.make_pod({"name": "c"}, volumes=list(volumes), serviceAccountName="web")
    return pod


def test_a_volume_is_written_with_its_modes_and_changed_in_place(tmp_path: Path) -> None:
    before = VolumeContent({"a": b"1", "deep/b": b"2"}, 0o640, {"a": 0o400})
    write_volume(tmp_path / "v", before)
    assert files_below(tmp_path / "v") == {"a": b"1", "deep/b": b"2"}
    assert [(tmp_path / "v" / name).stat().st_mode & 0o777 for name in ("a", "deep/b")] == [0o400, 0o640]
    unchanged = (tmp_path / "v" / "a").stat().st_ino
    write_volume(tmp_path / "v", VolumeContent({"a": b"1", "c": b"3"}), before=before)
    assert files_below(tmp_path / "v") == {"a": b"1", "c": b"3"}
    assert (tmp_path / "v" / "a").stat().st_ino == unchanged


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_a_file_cannot_leave_its_volume(tmp_path: Path, path: str) -> None:
    with pytest.raises(CannotStart, match="leads out of volume v"):
        write_volume(tmp_path / "v", VolumeContent({path: b""}))
    assert list(tmp_path.rglob("x")) == []


def test_a_pods_volumes_are_fetched_and_written_for_its_mounts(world: Any) -> None:
    async def story() -> None:
        world.api.put(SETTINGS, {"kind": "ConfigMap", "data": {"color": "red"}})
        token = {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": "vault"}}]}}
        pod = make_pod(world, {"name": "s", "configMap": {"name": "settings"}}, {"name": "e", "emptyDir": {}}, {"name": "t", **token})
        files = PodFiles(pod, world.around)
        await files.prepare(pod)
        volumes = files.folder / "volumes"
        assert files_below(volumes) == {"s/color": b"red", "t/token": b"token-of-web"}
        assert world.api.of("POST", "serviceaccounts/web/token")[0]["spec"] == {
            "expirationSeconds": 3600,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "uid-web"},
            "audiences": ["vault"],
        }
        mounts = (Mount("e", "sub", "/b", read_only=False), Mount("s", "color", "/a/color", read_only=False))
        assert files.binds(mounts) == (
            Bind(str(volumes / "s/color"), "/a/color", readonly=True),
            Bind(str(volumes / "e/sub"), "/b", readonly=False),
        )
        assert (volumes / "e/sub").is_dir()
        files.remove()
        assert not files.folder.exists()

    asyncio.run(story())


def test_what_was_fetched_is_enough_while_the_api_is_away(world: Any) -> None:
    async def story() -> None:
        world.api.put(SETTINGS, {"kind": "ConfigMap", "data": {"color": "red"}})
        pod = make_pod(world, {"name": "s", "configMap": {"name": "settings"}})
        files = PodFiles(pod, world.around)
        world.api.away = True
        with pytest.raises(CannotStart, match="the API gave no answer: the API is away"):
            await files.prepare(pod)
        world.api.away = False
        await files.prepare(pod)
        world.api.away = True
        await files.prepare(pod)

    asyncio.run(story())


def test_volumes_follow_their_sources_and_survive_their_loss(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "REFRESH_SECONDS", 0)

    async def story() -> None:
        world.api.put(SETTINGS, {"kind": "ConfigMap", "data": {"color": "red"}})
        pod = make_pod(world, {"name": "s", "configMap": {"name": "settings"}})
        files = PodFiles(pod, world.around)
        await files.prepare(pod)
        async with asyncio.TaskGroup() as group:
            refreshing = group.create_task(files.keep_fresh(lambda: pod))
            world.api.put(SETTINGS, {"kind": "ConfigMap", "data": {"color": "blue"}})
            await world.api.until(lambda: files_below(files.folder) == {"volumes/s/color": b"blue"})
            del world.api.objects[SETTINGS]
            asked = len(world.api.of("GET", "settings"))
            await world.api.until(lambda: len(world.api.of("GET", "settings")) > asked + 1)
            refreshing.cancel()
        assert files_below(files.folder) == {"volumes/s/color": b"blue"}

    asyncio.run(story())


def test_a_token_is_renewed_when_most_of_its_life_is_over(world: Any) -> None:
    async def story() -> None:
        times = [NOW, NOW + timedelta(seconds=799), NOW + timedelta(seconds=800)]
        token = {"serviceAccountToken": {"path": "token", "expirationSeconds": 1000}}
        pod = make_pod(world, {"name": "t", "projected": {"sources": [token]}})
        object.__setattr__(world.around, "now", lambda: times.pop(0))
        files = PodFiles(pod, world.around)
        asked = []
        for _ in range(3):
            await files.prepare(pod)
            asked.append(len(world.api.of("POST", "/token")))
        assert asked == [1, 1, 2]

    asyncio.run(story())
