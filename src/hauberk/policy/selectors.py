"""Matching: labels by selectors, hosts by names with a leading wildcard, visibility by exportTo.

Source: Istio pkg/config/host/name.go, model/config.go `MostSpecificHostMatch`.
"""

from collections.abc import Iterable

from hauberk.model.objects import Labels
from hauberk.model.traffic import EXPORT_ALL, EXPORT_PRIVATE

__all__ = ["exported_to", "host_matches", "most_specific", "selects"]


def selects(selector: Labels, labels: Labels) -> bool:
    """Whether `labels` hold every pair of `selector`; an empty selector selects all."""
    return all(labels.get(key) == value for key, value in selector.items())


def host_matches(pattern: str, host: str) -> bool:
    """Whether `pattern` (a name, `*`, or `*` and a suffix) covers `host`; case does not count."""
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host


def most_specific(patterns: Iterable[str], host: str) -> str | None:
    """The pattern that says most about `host`: the exact one, else the longest wildcard; None where none covers it."""
    matching = [pattern for pattern in patterns if host_matches(pattern, host)]
    return max(matching, key=lambda pattern: (not pattern.startswith("*"), len(pattern)), default=None)


def exported_to(export_to: Iterable[str], *, owner: str, viewer: str) -> bool:
    """Whether an object of namespace `owner` with this exportTo (empty: everybody) shows in namespace `viewer`."""
    targets = tuple(export_to)
    if not targets or EXPORT_ALL in targets or viewer in targets:
        return True
    return EXPORT_PRIVATE in targets and owner == viewer
