"""`hauberk exec`: run a command in a container."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import Container, Context, Instance, Namespace, Session, open_session, run

if TYPE_CHECKING:
    from hauberk.k8s.kind import Manifest

__all__ = ["exec_"]

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def exec_(  # noqa: PLR0913, PLR0917 - one parameter an option
    pod: Annotated[str, typer.Argument(metavar="POD", help="A pod, or deployment/NAME for the first of its pods.")],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND [ARG]...")],
    container: Container = "",
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on.")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Standard input is a terminal.")] = False,
    namespace: Namespace = None,
    context: Context = None,
    name: Instance = None,
) -> None:
    """Run a command in a container; its exit code becomes ours.

    Example: hauberk exec -it deploy/reviews-v1 -n bookinfo -- sh
    """

    async def call() -> int:
        from hauberk.cli.logs import choose_container, find_pod  # noqa: PLC0415

        async with open_session(name, namespace, context=context) as session:
            found = await find_pod(session, pod)
            return await _exec(session, found, choose_container(found, container), command, stdin=stdin, tty=tty)

    run(call())


async def _exec(session: Session, pod: "Manifest", container: str, command: list[str], *, stdin: bool, tty: bool) -> int:
    from hauberk.client.remotecommand import Streams, remote_command  # noqa: PLC0415
    from hauberk.k8s import core  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    terminal = tty and stdin and sys.stdin.isatty()
    if tty and not terminal:
        print("Unable to use a TTY - input is not a terminal or the right kind of file", file=sys.stderr)
    query = [("command", word) for word in command] + [("container", container), ("stdout", "true")]
    query += [("stdin", "true")] if stdin else []
    query += [("tty", "true")] if tty else [("stderr", "true")]
    streams = Streams(stdin=_STDIN if stdin else None, stdout=_STDOUT, stderr=_STDERR, terminal=terminal)
    result = await remote_command(session.access, core.POD.path(session.namespace, name_of(pod), "exec"), query, streams)
    if result.message:
        print(result.message, file=sys.stderr)
    sys.stdout.flush()
    return result.exit_code
