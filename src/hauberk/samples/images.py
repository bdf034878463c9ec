"""Which program of ours stands for which image, whatever its registry and tag."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["PROGRAMS", "program_for"]

_BOOKINFO: Final = "hauberk.samples.bookinfo"

PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "examples-bookinfo-productpage-v1": (f"{_BOOKINFO}.productpage",),
    "examples-bookinfo-details-v1": (f"{_BOOKINFO}.details",),
    "examples-bookinfo-ratings-v1": (f"{_BOOKINFO}.ratings",),
    "examples-bookinfo-reviews-v1": (f"{_BOOKINFO}.reviews", "v1"),
    "examples-bookinfo-reviews-v2": (f"{_BOOKINFO}.reviews", "v2"),
    "examples-bookinfo-reviews-v3": (f"{_BOOKINFO}.reviews", "v3"),
    "hauberk/echo": ("hauberk.samples.echo",),
    "hauberk/tls-echo": ("hauberk.samples.tls_echo",),
    "hauberk/curl": ("hauberk.samples.curl",),
    "hauberk/sleep": ("hauberk.samples.sleep",),
}
"""End of the image's name (whole path components), and the module with its arguments."""


def program_for(image: str) -> Sequence[str] | None:
    """The command line of `image`, such as `quay.io/maistra/examples-bookinfo-details-v1:2.1.0`; None where we have none."""
    components = _repository(image).split("/")
    for length in (2, 1):
        program = PROGRAMS.get("/".join(components[-length:]))
        if program is not None:
            # Isolated: what the pod's environment says for its own Python is not for ours.
            return (sys.executable, "-I", "-m", *program)
    return None


def _repository(image: str) -> str:
    """The name without digest and tag; a colon before the last slash is a registry's port."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
