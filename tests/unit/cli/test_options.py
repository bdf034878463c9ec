import pytest

from hauberk.cli.options import paths_of
from hauberk.errors import ConfigError


def test_an_instance_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert str(paths_of("one").state) == "/s/hauberk/one"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "x" * 64])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="letters, digits"):
        paths_of(name)
