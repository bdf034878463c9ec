"""The command line: every command by name, and how it ends.

Modules of commands import little at their top, so that `hauberk --help` and completion are quick; each imports what it works
with when it runs.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from hauberk.cli.apply import apply
from hauberk.cli.arguments import as_typed_here
from hauberk.cli.build import build
from hauberk.cli.ca.command import ca
from hauberk.cli.create import create
from hauberk.cli.delete import delete
from hauberk.cli.demo.command import demo
from hauberk.cli.down import down
from hauberk.cli.env import env
from hauberk.cli.exec import exec_
from hauberk.cli.get import get
from hauberk.cli.logs import logs
from hauberk.cli.patch import patch
from hauberk.cli.proxy_config import proxy_config
from hauberk.cli.proxy_status import proxy_status
from hauberk.cli.status import status
from hauberk.cli.up import up
from hauberk.cli.wait import wait
from hauberk.errors import BugError, HauberkError

__all__ = ["app", "main"]

app = typer.Typer(
    name="hauberk",
    help="A service mesh that secures traffic between workloads with mutual TLS. First: hauberk up --detach",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_INSTANCE = "The mesh on this machine"
_PROXIES = "Envoys (istioctl's words)"
_VERBS = "Objects (kubectl's verbs)"

_COMMANDS: tuple[tuple[str, str, Callable[..., None]], ...] = (
    (_INSTANCE, "up", up),
    (_INSTANCE, "down", down),
    (_INSTANCE, "status", status),
    (_INSTANCE, "env", env),
    (_INSTANCE, "demo", demo),
    (_PROXIES, "proxy-status", proxy_status),
    (_PROXIES, "proxy-config", proxy_config),
    (_PROXIES, "build", build),
    (_VERBS, "get", get),
    (_VERBS, "apply", apply),
    (_VERBS, "create", create),
    (_VERBS, "patch", patch),
    (_VERBS, "delete", delete),
    (_VERBS, "logs", logs),
    (_VERBS, "exec", exec_),
    (_VERBS, "wait", wait),
)
for _panel, _name, _command in _COMMANDS:
    app.command(_name, rich_help_panel=_panel)(_command)
app.add_typer(ca, name="ca", rich_help_panel="Certificates")


def main() -> None:
    """Run the command line and leave with its exit code: 0, or 1, 2, 3, 70 as `hauberk.errors` says, 130 for Ctrl-C."""
    try:
        app(args=as_typed_here(sys.argv[1:]), prog_name="hauberk")
    except HauberkError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Who read our output has gone (`| head`); what is still buffered has nowhere to go.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # a traceback is of no use to who typed the command; the place is, to us
        print(f"bug: {type(error).__name__}: {error} ({_place_of(error)}). Please report it.", file=sys.stderr)
        sys.exit(BugError.exit_code)


def _place_of(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "unknown place"
