"""The commands below `hauberk ca`, by name."""

from collections.abc import Callable

import typer

from hauberk.cli.ca.bundle import bundle
from hauberk.cli.ca.make_intermediate import make_intermediate
from hauberk.cli.ca.make_root import make_root
from hauberk.cli.ca.show import show
from hauberk.cli.ca.verify import verify

__all__ = ["ca"]

ca = typer.Typer(help="The certificate authority of each mesh: see it, check one before it is plugged in, make one.", no_args_is_help=True)

_RUNNING = "Of the running meshes"
_FILES = "Files to plug in"

_COMMANDS: tuple[tuple[str, str, Callable[..., None]], ...] = (
    (_RUNNING, "show", show),
    (_RUNNING, "bundle", bundle),
    (_FILES, "verify", verify),
    (_FILES, "make-root", make_root),
    (_FILES, "make-intermediate", make_intermediate),
)
for _panel, _name, _command in _COMMANDS:
    ca.command(_name, rich_help_panel=_panel)(_command)
