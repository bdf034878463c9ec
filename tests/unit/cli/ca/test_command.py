import pytest

from hauberk.cli.ca.command import ca
from tests.unit.cli.conftest import Hauberk

NAMES = ["show", "bundle", "verify", "make-root", "make-intermediate"]


def test_the_commands_are_listed_below_ca(hauberk: Hauberk) -> None:
    typed = hauberk("ca", "--help")
    assert [command.name for command in ca.registered_commands] == NAMES
    assert (typed.code, [name for name in NAMES if name not in typed.out]) == (0, [])


@pytest.mark.parametrize("name", NAMES)
def test_every_commands_help_shows_an_example_and_its_output_option(hauberk: Hauberk, name: str) -> None:
    typed = hauberk("ca", name, "--help")
    assert typed.code == 0
    assert "Example: hauberk ca" in typed.out
    assert "--output" in typed.out
