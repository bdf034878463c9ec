"""`hauberk demo`: the reference story, typed and checked."""

from typing import Annotated

import typer

__all__ = ["demo"]


def demo(once: Annotated[bool, typer.Option("--once", help="End after the last step, also on a terminal.")] = False) -> None:
    """Play the reference story on real Envoys: PERMISSIVE, Bookinfo, STRICT under traffic, the four DestinationRule modes.

    Example: hauberk demo
    """
    from hauberk.cli.demo.play import play  # noqa: PLC0415 - keeps `hauberk --help` fast

    play(once=once)
