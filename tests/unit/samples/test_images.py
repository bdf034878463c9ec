"""Images are found by their names, whatever registry and tag; and what they name can be started."""

import importlib
import sys

import pytest

from hauberk.samples.images import PROGRAMS, program_for


@pytest.mark.parametrize(
    ("image", "program"),
    [
        ("quay.io/maistra/examples-bookinfo-productpage-v1:2.1.0", ("hauberk.samples.bookinfo.productpage",)),
        ("docker.io/istio/examples-bookinfo-reviews-v2:1.20.0", ("hauberk.samples.bookinfo.reviews", "v2")),
        ("localhost:5000/mine/examples-bookinfo-reviews-v3@sha256:0123", ("hauberk.samples.bookinfo.reviews", "v3")),
        ("examples-bookinfo-ratings-v1", ("hauberk.samples.bookinfo.ratings",)),
        ("hauberk/echo", ("hauberk.samples.echo",)),
        ("localhost/hauberk/tls-echo:latest", ("hauberk.samples.tls_echo",)),
        ("registry:5000/hauberk/curl", ("hauberk.samples.curl",)),
    ],
)
def test_an_image_is_a_module_in_an_isolated_python(image: str, program: tuple[str, ...]) -> None:
    assert program_for(image) == (sys.executable, "-I", "-m", *program)


@pytest.mark.parametrize(
    "image", ["", "nginx", "echo", "other/echo", "hauberk/echo/deeper", "examples-bookinfo-ratings-v2:1", "my-examples-bookinfo-ratings-v1"]
)
def test_what_we_do_not_have_is_none(image: str) -> None:
    assert program_for(image) is None


def test_every_program_has_a_main() -> None:
    for module, *_ in PROGRAMS.values():
        assert callable(importlib.import_module(module).main)
