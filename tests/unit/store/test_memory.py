import pytest

from hauberk.store.memory import MemoryLog
from tests.unit.store.log_suite import Open, RevisionLogSuite


class TestMemoryLog(RevisionLogSuite):
    @pytest.fixture
    def open_log(self) -> Open:
        log = MemoryLog()
        return lambda: log
