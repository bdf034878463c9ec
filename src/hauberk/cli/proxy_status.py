"""`hauberk proxy-status`: which Envoy has what, and what it refused."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hauberk.cli.session import Context, Instance, open_session, run

if TYPE_CHECKING:
    from hauberk.cli.table import Rows

__all__ = ["proxy_status", "status_rows"]

_TYPES = ("CDS", "LDS", "EDS", "RDS", "VHDS", "SDS")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def proxy_status(
    pod: Annotated[str, typer.Argument(metavar="[POD[.NAMESPACE]]", help="Only this pod's Envoy.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="wide, json, yaml.")] = "",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Show each connected Envoy, its mesh, and by type whether it has taken what it was sent: SYNCED, STALE or ERROR, and since when.

    With -o wide also Envoy's own words about what it refused.

    Example: hauberk proxy-status -o wide
    """
    from datetime import UTC  # noqa: PLC0415

    from hauberk.cli.render import render_value  # noqa: PLC0415
    from hauberk.cli.table import layout_rows  # noqa: PLC0415
    from hauberk.cli.usage import UsageError  # noqa: PLC0415
    from hauberk.errors import NotFoundError  # noqa: PLC0415

    if output not in ("", "wide", "json", "yaml"):
        raise UsageError(f'unable to match a printer suitable for the output format "{output}", allowed formats are: json,wide,yaml')

    async def command() -> None:
        async with open_session(name, None, context=context) as session:
            answer: Mapping[str, list[dict[str, Any]]] = await session.client.request("GET", "/debug/syncz")
        proxies = [
            {"name": shown, "mesh": mesh, **entry}
            for mesh, entries in answer.items()
            for entry in entries
            if (shown := name_of_node(entry["proxy"])) and pod in ("", shown, shown.rpartition(".")[0])
        ]
        proxies.sort(key=lambda entry: (entry["mesh"], entry["name"]))
        if pod and not proxies:
            raise NotFoundError(f"No Envoy of {pod} is connected. `hauberk proxy-status` shows those that are.")
        if output in ("json", "yaml"):
            sys.stdout.write(render_value(proxies, output))
        else:
            print("\n".join(layout_rows(status_rows(proxies, now=datetime.now(UTC), wide=output == "wide"))))

    run(command())


def name_of_node(node_id: str) -> str:
    """`<pod>.<namespace>` of a node id."""
    parts = node_id.split("~")
    return parts[2] if len(parts) == 4 else node_id


def status_rows(proxies: Sequence[Mapping[str, Any]], *, now: datetime, wide: bool) -> "Rows":
    """The table; an age is that of the ack, of the refusal, or of what waits for an answer."""
    from hauberk.cli.table import Rows  # noqa: PLC0415

    columns = ("NAME", "MESH", *_TYPES, *(("REFUSED",) if wide else ()))
    rows = []
    for entry in proxies:
        types = entry["types"]
        cells = [_cell(types.get(kind), now) for kind in _TYPES]
        refused = "; ".join(f"{kind}: {one['nack']}" for kind, one in types.items() if one.get("nack"))
        rows.append((entry["name"], entry["mesh"], *cells, *((" ".join(refused.split()),) if wide else ())))
    return Rows(columns, tuple(rows))


def _cell(one: Mapping[str, Any] | None, now: datetime) -> str:
    if one is None:
        return "IGNORED"  # istioctl's word for a type that the proxy did not ask for
    since = {"SYNCED": one.get("ackedAt"), "ERROR": one.get("nackedAt")}.get(one["state"]) or one.get("sentAt")
    return f"{one['state']} ({_age(now - datetime.fromisoformat(since)).strip()})" if since else str(one["state"])


def _age(length: Any) -> str:
    seconds = max(0, int(length.total_seconds()))
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE}m"
    return f"{seconds // _HOUR}h" if seconds < 2 * _DAY else f"{seconds // _DAY}d"
