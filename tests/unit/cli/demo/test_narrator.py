import asyncio
import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from hauberk.cli.demo.narrator import Answer, Narrator, StepFailed


def narrating(width: int = 80) -> tuple[Narrator, io.StringIO]:
    told = io.StringIO()
    return Narrator(Console(file=told, width=width, highlight=False), {"KUBECONFIG": "/nowhere/kubeconfig"}), told


def test_a_fact_that_holds_is_counted_and_one_that_does_not_ends_the_story_with_what_was_seen() -> None:
    narrator, told = narrating()
    narrator.hold(True, "the page comes")
    with pytest.raises(StepFailed, match=r"This did not hold: it is STRICT\. Seen: PERMISSIVE") as failed:
        narrator.hold(False, "it is STRICT", seen="PERMISSIVE\n")
    assert failed.value.exit_code == 1
    assert narrator.held == 1
    assert told.getvalue() == "  ✓ the page comes\n"


def test_a_command_is_shown_as_it_is_typed_with_what_came_back() -> None:
    narrator, told = narrating()
    answer = asyncio.run(narrator.type("env", "--name", "not there"))
    assert answer.code == 2
    assert told.getvalue().startswith("  $ hauberk env --name 'not there'\n  │ error: --name 'not there': use letters")


def test_a_manifest_on_standard_input_is_shown_as_a_here_document() -> None:
    narrator, told = narrating()
    asyncio.run(narrator.type("apply", "-f", "-", stdin="kind: [x]\n", quiet=True))
    assert told.getvalue() == "  $ hauberk apply -f - <<EOF\n  kind: [x]\n  EOF\n"


def test_long_output_is_cut_and_says_so() -> None:
    narrator, told = narrating()
    asyncio.run(narrator.type("get", "--help"))
    assert "more lines" in told.getvalue() or len(told.getvalue().splitlines()) < 31


def test_commands_are_the_ones_of_this_installation() -> None:
    assert Path(sys.executable).exists()
    narrator, _ = narrating()
    assert "hauberk" in asyncio.run(narrator.run("--help")).out


def test_what_was_run_already_is_shown_as_if_typed_now() -> None:
    narrator, told = narrating()
    narrator.retell(("get", "pods"), Answer("NAME\n", "", 0, 0.1))
    assert told.getvalue() == "  $ hauberk get pods\n  │ NAME\n"


def test_other_programs_are_shown_by_their_own_names() -> None:
    narrator, told = narrating(width=200)
    answer = asyncio.run(narrator.tool(sys.executable, "-c", "print('hello')"))
    assert (answer.out, answer.code) == ("hello\n", 0)
    assert told.getvalue() == f"""  $ {sys.executable} -c 'print('"'"'hello'"'"')'\n  │ hello\n"""
