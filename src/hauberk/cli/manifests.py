"""Reads manifests: files, folders and standard input, YAML or JSON, several documents each."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from hauberk.cli.usage import UsageError
from hauberk.errors import NotFoundError
from hauberk.k8s.kind import Manifest

__all__ = ["Document", "parse_documents", "read_manifests"]

_SUFFIXES = (".json", ".yaml", ".yml")

Document = tuple[str, Manifest]
"""Where a manifest was read (a path, or STDIN) and the manifest."""


def read_manifests(paths: Sequence[str], *, recursive: bool = False) -> list[Document]:
    """All objects in files, in folders' .json, .yaml and .yml files in their names' order, and in standard input (`-`).

    Lists are taken apart. Raises: UsageError, NotFoundError (kubectl's words).
    """
    if not paths:
        raise UsageError("must specify one of -f and -k")
    found = [document for path in paths for source, text in _texts(path, recursive) for document in parse_documents(text, source)]
    if not found:
        raise UsageError("no objects passed to apply")
    return found


def _texts(path: str, recursive: bool) -> Iterator[tuple[str, str]]:
    if path == "-":
        yield "STDIN", sys.stdin.read()
        return
    place = Path(path)
    if not place.exists():
        raise NotFoundError(f'the path "{path}" does not exist')
    if place.is_file():
        yield path, place.read_text()
        return
    for file in sorted(place.rglob("*") if recursive else place.iterdir()):
        if file.suffix in _SUFFIXES and file.is_file():
            yield str(file), file.read_text()


def parse_documents(text: str, source: str) -> Iterator[Document]:
    """The objects in a YAML or JSON text. Raises: UsageError that says where it cannot be read."""
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise UsageError(f"error parsing {source}: {_in_one_line(error)}") from error
    for document in documents:
        if document is not None:
            yield from _objects(_with_text_keys(document), source)


def _with_text_keys(value: Any) -> Any:
    """The value as JSON has it: YAML reads a bare `yes` or `1` as a key that is no text, and Go's converter makes it "true", "1"."""
    if isinstance(value, dict):
        return {_text_key(key): _with_text_keys(inner) for key, inner in value.items()}
    return [_with_text_keys(inner) for inner in value] if isinstance(value, list) else value


def _text_key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _objects(document: Any, source: str) -> Iterator[Document]:
    if not isinstance(document, dict):
        raise UsageError(f"error parsing {source}: a manifest is a map, this is a {type(document).__name__}")
    for field in ("apiVersion", "kind"):
        if not document.get(field):
            raise UsageError(f'error validating "{source}": error validating data: {field} not set')
    if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item, source)
        return
    yield source, document


def _in_one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C loader is there where libyaml is
    """Like Go's YAML: timestamps stay text, since objects are JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
