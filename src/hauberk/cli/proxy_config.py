"""`hauberk proxy-config`: what the Envoy of a pod really has, asked of that Envoy."""

import sys
import tempfile
from typing import IO, TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import Context, Instance, Namespace, Session, open_session, run

if TYPE_CHECKING:
    from hauberk.cli.envoy_tables import Dump

__all__ = ["proxy_config", "read_dump"]

_DUMP_URL = "http://admin/config_dump?include_eds"


def proxy_config(
    kind: Annotated[str, typer.Argument(metavar="listeners|clusters|routes|endpoints|secrets")],
    pod: Annotated[str, typer.Argument(metavar="POD", help="A pod, or deployment/NAME for the first of its pods.")],
    output: Annotated[str, typer.Option("--output", "-o", help="table, json, yaml.")] = "table",
    namespace: Namespace = None,
    context: Context = None,
    name: Instance = None,
) -> None:
    """Show what a pod's Envoy has, from its own config_dump. A secret's key is never shown.

    Example: hauberk proxy-config clusters deploy/productpage-v1 -n bookinfo
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from hauberk.cli.envoy_tables import KINDS, resources_of, table_of  # noqa: PLC0415
    from hauberk.cli.render import render_value  # noqa: PLC0415
    from hauberk.cli.table import layout_rows  # noqa: PLC0415
    from hauberk.cli.usage import UsageError  # noqa: PLC0415

    if kind not in KINDS:
        raise UsageError(f"unknown kind {kind}; there is listeners, clusters, routes, endpoints, secrets")

    async def command() -> None:
        async with open_session(name, namespace, context=context) as session:
            dump = await read_dump(session, pod)
        if output == "table":
            print("\n".join(layout_rows(table_of(dump, KINDS[kind], now=datetime.now(UTC)))))
        else:
            sys.stdout.write(render_value(resources_of(dump, KINDS[kind]), output))

    run(command())


async def read_dump(session: Session, pod: str) -> "Dump":
    """The config_dump of a pod's Envoy. Its admin socket is open to nobody but the sidecar, so it is asked there, by `pods/exec`.

    Raises: ApiStatusError, UsageError, PeerError.
    """
    import orjson  # noqa: PLC0415

    from hauberk.cli.logs import choose_container, find_pod  # noqa: PLC0415
    from hauberk.client.remotecommand import Streams, remote_command  # noqa: PLC0415
    from hauberk.errors import PeerError  # noqa: PLC0415
    from hauberk.k8s import core  # noqa: PLC0415
    from hauberk.k8s.kind import name_of  # noqa: PLC0415
    from hauberk.names import ADMIN_SOCKET_PATH, PROXY_CONTAINER  # noqa: PLC0415

    found = await find_pod(session, pod)
    words = ("curl", "--silent", "--show-error", "--fail", "--globoff", "--unix-socket", ADMIN_SOCKET_PATH, _DUMP_URL)
    query = [("command", word) for word in words]
    query += [("container", choose_container(found, PROXY_CONTAINER)), ("stdout", "true"), ("stderr", "true")]
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaint:
        streams = Streams(stdin=None, stdout=answer.fileno(), stderr=complaint.fileno())
        result = await remote_command(session.access, core.POD.path(session.namespace, name_of(found), "exec"), query, streams)
        if result.exit_code:
            raise PeerError(f"The Envoy of {name_of(found)} cannot be asked: {_text(complaint) or result.message}. Is it running?")
        dump: Dump = orjson.loads(_read(answer))
        return dump


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _text(file: IO[bytes]) -> str:
    return _read(file).decode(errors="replace").strip()
