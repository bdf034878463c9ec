"""Types commands as a user would, shows what came back, and keeps account of what held."""

import asyncio
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.markup import escape

from hauberk.errors import HauberkError

__all__ = ["Answer", "Narrator", "StepFailed"]

LONGEST_OUTPUT_LINES = 30


class StepFailed(HauberkError):
    """A step of the story did not hold; the message says what was expected and what was seen."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, its exit code, and how long it took."""

    out: str
    err: str
    code: int
    seconds: float


class Narrator:
    """Prints the story and runs its commands with `environment`."""

    def __init__(self, console: Console, environment: Mapping[str, str]) -> None:
        self.console = console
        self.environment = dict(environment)
        self.held = 0
        self._begun = monotonic()

    def title(self, text: str) -> None:
        """Begin a step."""
        self.console.print(f"\n[bold cyan]{escape(text)}[/]  [dim]{monotonic() - self._begun:.1f} s[/]")

    def say(self, text: str) -> None:
        """Explain."""
        self.console.print(f"  {escape(text)}", soft_wrap=True)

    def hold(self, holds: bool, what: str, *, seen: str = "") -> None:
        """Assert a fact of the story. Raises: StepFailed with `seen` where it does not hold."""
        if not holds:
            raise StepFailed(f"This did not hold: {what}." + (f" Seen: {seen.strip()[:2000]}" if seen else ""))
        self.held += 1
        self.console.print(f"  [green]✓[/] {escape(what)}", soft_wrap=True)

    async def type(self, *argv: str, stdin: str = "", quiet: bool = False) -> Answer:
        """Run `hauberk ARGV`, showing the command and, unless `quiet`, what came back."""
        self._show_command(argv, stdin)
        answer = await self.run(*argv, stdin=stdin)
        if not quiet:
            self._show(answer.out + answer.err)
        return answer

    def retell(self, argv: Sequence[str], answer: Answer) -> None:
        """Show `hauberk ARGV`, which was run already, and what came back."""
        self._show_command(argv)
        self._show(answer.out + answer.err)

    async def tool(self, *argv: str) -> Answer:
        """Run another program of this machine, showing the command and what came back."""
        self.console.print(f"  [bold]$ {escape(shlex.join(argv))}[/]", soft_wrap=True)
        answer = await self._run(*argv)
        self._show(answer.out + answer.err)
        return answer

    async def run(self, *argv: str, stdin: str = "") -> Answer:
        """Run `hauberk ARGV` without showing it."""
        return await self._run(sys.executable, "-m", "hauberk", *argv, stdin=stdin)

    async def _run(self, *argv: str, stdin: str = "") -> Answer:
        begun = monotonic()
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self.environment, "COLUMNS": "200", "NO_COLOR": "1"},
        )
        out, err = await process.communicate(stdin.encode())
        return Answer(out.decode(), err.decode(), process.returncode or 0, monotonic() - begun)

    def _show_command(self, argv: Sequence[str], stdin: str = "") -> None:
        shown = shlex.join(("hauberk", *argv))
        if stdin and "-" in argv:
            shown += " <<EOF\n" + "".join(f"  {line}\n" for line in stdin.strip().splitlines()) + "  EOF"
        self.console.print(f"  [bold]$ {escape(shown)}[/]", soft_wrap=True)

    def _show(self, text: str) -> None:
        lines = text.rstrip().splitlines()
        for line in lines[:LONGEST_OUTPUT_LINES]:
            self.console.print(f"  [dim]│[/] {escape(line)}", soft_wrap=True, highlight=False)
        if len(lines) > LONGEST_OUTPUT_LINES:
            self.console.print(f"  [dim]│ ... {len(lines) - LONGEST_OUTPUT_LINES} more lines[/]")
