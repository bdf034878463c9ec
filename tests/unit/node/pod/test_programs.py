"""Images as local programs."""

from typing import Any

import pytest

from hauberk.names import PROXY_IMAGE
from hauberk.node.pod.programs import CannotStart, Program, cause_of_exit, is_proxy_image, repository_of, resolve_program

WEB = Program(("python3", "-m", "web"), {"PORT": "80"})


def images(image: str) -> Program | None:
    return WEB if image == "quay.io/web:1" else None


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("nginx", "nginx"),
        ("nginx:1.2", "nginx"),
        ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("localhost:5000/a/b:1@sha256:00", "localhost:5000/a/b"),
        ("a@sha256:00", "a"),
        ("", ""),
    ],
)
def test_tag_and_digest_are_not_of_the_repository(image: str, repository: str) -> None:
    assert repository_of(image) == repository


def test_envoys_image_is_known_in_any_version() -> None:
    assert [is_proxy_image(image) for image in (PROXY_IMAGE, f"{PROXY_IMAGE}:2.1", f"{PROXY_IMAGE}x")] == [True, True, False]


@pytest.mark.parametrize(
    ("container", "argv"),
    [
        ({}, ("python3", "-m", "web")),
        ({"args": ["-v"]}, ("python3", "-m", "web", "-v")),
        ({"command": ["sh"]}, ("sh",)),
        ({"command": ["sh"], "args": ["-c", "x"]}, ("sh", "-c", "x")),
    ],
)
def test_command_replaces_the_entrypoint_and_args_follow_it(container: dict[str, Any], argv: tuple[str, ...]) -> None:
    assert resolve_program({"image": "quay.io/web:1", **container}, images) == Program(argv, {"PORT": "80"})


def test_a_container_without_image_of_its_own_runs_its_command() -> None:
    assert resolve_program({"image": "localhost/none:latest", "command": ["a"], "args": ["b"]}, images) == Program(("a", "b"))


def test_a_container_with_neither_image_nor_command_cannot_be_created() -> None:
    with pytest.raises(CannotStart) as caught:
        resolve_program({"image": "localhost/none"}, images)
    assert (caught.value.reason, caught.value.message) == (
        "CreateContainerError",
        "the image localhost/none holds no program: give the container a command",
    )


def test_an_unknown_image_is_named_with_the_way_to_run_it() -> None:
    with pytest.raises(CannotStart) as caught:
        resolve_program({"image": "docker.io/nginx:1"}, images)
    assert caught.value.reason == "ErrImagePull"
    assert '"docker.io/nginx:1"' in caught.value.message
    assert "kubectl run NAME --image=localhost/none --command -- PROGRAM ARGS" in caught.value.message


@pytest.mark.parametrize(
    ("image", "code", "said"),
    [(PROXY_IMAGE, 134, True), (f"{PROXY_IMAGE}:2.5", 139, True), (PROXY_IMAGE, 1, False), ("hauberk/echo", 134, False)],
)
def test_of_an_envoy_that_aborts_the_likely_cause_is_said(image: str, code: int, said: bool) -> None:
    assert ("fs.inotify.max_user_instances" in cause_of_exit(image, code)) is said
