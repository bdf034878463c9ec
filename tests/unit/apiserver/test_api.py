import asyncio
from collections.abc import Sequence

import pytest

from hauberk.apiserver.api import Api, HeadReader, Source
from hauberk.apiserver.authenticate import Authenticator
from hauberk.apiserver.objects import stamp
from hauberk.apiserver.status import ApiError
from hauberk.k8s import core
from hauberk.store.memory import MemoryLog
from hauberk.store.revisions import Change, Key, Record
from hauberk.store.store import Store
from tests.unit.apiserver.builders import CATALOGUE, NOW, SIGNER, make_config_map

SOURCE = Source(now=lambda: NOW, uid=lambda: "u", suffix=lambda: "abcde")


class _FullDisk(MemoryLog):
    def append(self, records: Sequence[Record]) -> None:
        raise OSError("database or disk is full")


def test_a_reader_sees_writes_that_are_still_under_way() -> None:
    async def story() -> None:
        async with Store(MemoryLog(), stamp) as store:
            reader = HeadReader(store)
            pending = store.begin([Change(Key("configmaps", "default", "c"), make_config_map(), expected=0)])
            assert reader.get(core.CONFIG_MAP, "default", "c") == stamp(make_config_map(), 1)
            assert len(reader.list(core.CONFIG_MAP)) == 1
            assert (reader.list(core.CONFIG_MAP, "other"), reader.get(core.CONFIG_MAP, "default", "d")) == ([], None)
            await pending.durable()

    asyncio.run(story())


def test_a_disk_that_refuses_is_an_internal_error_that_says_what_to_look_at() -> None:
    async def story() -> None:
        async with Store(_FullDisk(), stamp) as store:
            api = Api(store, CATALOGUE, Authenticator(SIGNER), (), SOURCE)
            with pytest.raises(ApiError) as caught:
                await api.write(Change(Key("configmaps", "default", "c"), make_config_map(), expected=0))
            assert caught.value.code == 500
            assert "database or disk is full" in str(caught.value)
            assert "nothing was changed" in str(caught.value)

    asyncio.run(story())


def test_stamps_are_of_the_moment() -> None:
    stamps = SOURCE.stamps()
    assert (stamps.now, stamps.uid, stamps.suffix()) == (NOW, "u", "abcde")
