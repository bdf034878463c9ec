"""What a command is about: `pods`, `pod a b`, `pod/a svc/b`, `pods,svc`. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hauberk.cli.usage import UsageError
from hauberk.k8s.kind import Kind, Manifest, name_of

__all__ = ["Target", "UnknownKind", "find_kind", "kind_of", "parse_targets", "qualified"]


class UnknownKind(UsageError):
    """The API serves no such kind; kubectl's words."""


@dataclass(frozen=True, slots=True)
class Target:
    """One object, or with an empty name all objects of the kind."""

    kind: Kind
    name: str = ""


def find_kind(word: str, kinds: Iterable[Kind]) -> Kind:
    """The kind that `word` names: plural, singular or short, with or without its group (`deploy`, `deployments.apps`).

    Raises: UnknownKind.
    """
    wanted, _, group = word.lower().partition(".")
    for kind in kinds:
        if wanted in (kind.plural, kind.singular, *kind.short_names) and _is_group(group, kind):
            return kind
    raise UnknownKind(f'the server doesn\'t have a resource type "{word}"')


def _is_group(asked: str, kind: Kind) -> bool:
    return not asked or asked in (kind.group, f"{kind.version}.{kind.group}") or kind.group.startswith(f"{asked}.")


def parse_targets(words: Sequence[str], kinds: Sequence[Kind]) -> list[Target]:
    """The targets that a command's words name, in order. Raises: UnknownKind, UsageError for words that do not go together."""
    if not words:
        raise UsageError("You must specify the type of resource, for example: hauberk get pods")
    if any("/" in word for word in words):
        return [_parse_pair(word, kinds) for word in words]
    first, *names = words
    found = [kind for word in first.split(",") for kind in _expand(word, kinds)]
    if names:
        return [Target(kind, name) for kind in found for name in names]
    return [Target(kind) for kind in found]


def _expand(word: str, kinds: Sequence[Kind]) -> list[Kind]:
    category = [kind for kind in kinds if word in kind.categories]
    return category or [find_kind(word, kinds)]


def _parse_pair(word: str, kinds: Sequence[Kind]) -> Target:
    kind, slash, name = word.partition("/")
    if not slash:
        raise UsageError(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
            "(e.g. 'hauberk get resource/<resource_name>' instead of 'hauberk get resource resource/<resource_name>'"
        )
    if not kind or not name or "/" in name:
        raise UsageError("arguments in resource/name form must have a single resource and name")
    return Target(find_kind(kind, kinds), name)


def kind_of(manifest: Manifest, kinds: Iterable[Kind]) -> Kind:
    """The kind that serves a manifest, in the version which the manifest names. Raises: UnknownKind."""
    api_version, word = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    group, _, version = api_version.rpartition("/")
    for kind in kinds:
        if (kind.kind, kind.group) == (word, group):
            return kind if kind.version == version else _in_version(kind, version)
    what = f'no matches for kind "{word}" in version "{api_version}"'
    raise UnknownKind(f'resource mapping not found for name: "{name_of(manifest)}": {what}\nensure CRDs are installed first')


def _in_version(kind: Kind, version: str) -> Kind:
    return Kind(
        kind.group,
        version,
        kind.kind,
        kind.plural,
        namespaced=kind.namespaced,
        short_names=kind.short_names,
        categories=kind.categories,
        strategic=kind.strategic,
    )


def qualified(kind: Kind) -> str:
    """`pod`, `deployment.apps`: how kubectl names a kind before a slash."""
    return f"{kind.singular}.{kind.group}" if kind.group else kind.singular
