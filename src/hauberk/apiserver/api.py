"""What every verb works with: the store, the served kinds, the plugins, and where time and randomness come from.

No I/O of its own: `Api.write` hands changes to the store and waits for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hauberk.apiserver.admission import AdmissionPlugin
from hauberk.apiserver.authenticate import Authenticator
from hauberk.apiserver.catalogue import Catalogue, Served
from hauberk.apiserver.metadata import Stamps
from hauberk.apiserver.status import ApiError, internal
from hauberk.k8s.kind import Kind, Manifest
from hauberk.store.ledger import Conflict
from hauberk.store.revisions import Change, Record
from hauberk.store.store import Store

__all__ = ["Api", "HeadReader", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where what is not in a request comes from; tests give their own."""

    now: Callable[[], datetime]
    uid: Callable[[], str]
    suffix: Callable[[], str]

    def stamps(self) -> Stamps:
        """What goes into a new object."""
        return Stamps(self.now(), self.uid(), self.suffix)


class HeadReader:
    """Implements `admission.Reader` on the store's heads: what the next write builds on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, kind: Kind, namespace: str | None, name: str) -> Manifest | None:
        """As `Reader.get`."""
        entry = self._store.heads.get(Served(kind, kind.version).key(namespace, name))
        return entry.value if entry else None

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Manifest]:
        """As `Reader.list`."""
        return [entry.value for entry in self._store.heads.entries(Served(kind, kind.version).resource, namespace)]


@dataclass(frozen=True, slots=True)
class Api:
    """One API server's parts, made once and handed to every verb."""

    store: Store
    catalogue: Catalogue
    authenticator: Authenticator
    plugins: Sequence[AdmissionPlugin]
    source: Source

    @property
    def reader(self) -> HeadReader:
        """The store as admission and authorization see it."""
        return HeadReader(self.store)

    async def write(self, change: Change) -> Record:
        """Have `change` on disk. There was no await since `change` was computed from the heads, so it cannot conflict.

        Raises: ApiError 500 where the disk refused.
        """
        try:
            (record,) = await self.store.commit(change)
        except Conflict:
            raise
        except Exception as error:
            raise _write_failed(error) from error
        return record


def _write_failed(error: Exception) -> ApiError:
    return internal(f"the store could not write ({error}); nothing was changed. Is the disk full or read-only?")
