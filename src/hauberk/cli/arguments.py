"""kubectl's spellings of options (Go's pflag) that Typer does not know, turned into those it knows. No I/O."""

import re
from collections.abc import Iterable, Iterator

__all__ = ["as_typed_here"]

_SHORT = re.compile(r"(-[A-Za-z])=(.*)", re.DOTALL)
_SWITCH = re.compile(r"--([a-z-]+)=(true|false)")
_SWITCHES = {
    "all",
    "all-namespaces",
    "follow",
    "force",
    "ignore-not-found",
    "no-headers",
    "now",
    "previous",
    "recursive",
    "show-labels",
    "stdin",
    "timestamps",
    "tty",
    "watch",
}
_ON_BY_DEFAULT = {"wait"}


def as_typed_here(words: Iterable[str]) -> list[str]:
    """The words with `-p=VALUE` as `-p VALUE`, and `--wait=false` and its like as switches; after `--` nothing is touched."""
    return list(_rewritten(iter(words)))


def _rewritten(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        if word == "--":
            yield word
            yield from words
            return
        short, switch = _SHORT.fullmatch(word), _SWITCH.fullmatch(word)
        if short:
            yield from short.groups()
        elif switch and switch[1] in _SWITCHES:
            yield from (f"--{switch[1]}",) if switch[2] == "true" else ()
        elif switch and switch[1] in _ON_BY_DEFAULT:
            yield f"--{'' if switch[2] == 'true' else 'no-'}{switch[1]}"
        else:
            yield word
