"""What a proxy should have, for tests of the delta machine: names and versions only."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Res:
    """A resource `name@version`."""

    name: str
    version: str
    encoded: bytes = b""
    body: bytes = b""


@dataclass
class World:
    """What the proxy should have: type URL -> name -> version."""

    types: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, type_url: str, name: str) -> Res | None:
        version = self.types.get(type_url, {}).get(name)
        return None if version is None else Res(name, version)

    def names(self, type_url: str) -> Iterator[str]:
        return iter(self.types.get(type_url, {}))

    def identity(self, type_url: str) -> frozenset[tuple[str, str]]:
        return frozenset(self.types.get(type_url, {}).items())
