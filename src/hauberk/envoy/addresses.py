"""Addresses, sockets and where configuration comes from."""

from datetime import timedelta

from hauberk import names
from hauberk.envoy import messages as m

__all__ = ["ANY_ADDRESS", "ads_source", "application_bind", "mark_option", "pipe_address", "socket_address"]

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - a listener that takes what was redirected to it from any address
_SOL_SOCKET, _SO_MARK = 1, 36
"""Linux (asm-generic/socket.h)."""


def socket_address(address: str, port: int) -> m.Address:
    """A TCP address."""
    return m.Address(socket_address=m.SocketAddress(address=address, port_value=port))


def pipe_address(path: str) -> m.Address:
    """A unix socket."""
    return m.Address(pipe={"path": path})


def mark_option() -> m.SocketOption:
    """SO_MARK on the socket before it connects, by which the redirect knows the sidecar's own connections."""
    return m.SocketOption(
        description="SO_MARK", level=_SOL_SOCKET, name=_SO_MARK, int_value=names.SIDECAR_MARK, state=m.SocketOption.STATE_PREBIND
    )


def application_bind() -> m.BindConfig:
    """Connections to the application beside come from 127.0.0.6, and carry the mark.

    A cluster's own bind config replaces the bootstrap's whole, so the option has to be said again.
    """
    source = m.SocketAddress(address=names.INBOUND_BIND_ADDRESS, port_value=0)
    return m.BindConfig(source_address=source, socket_options=[mark_option()])


def ads_source() -> m.ConfigSource:
    """Comes by the aggregated stream; waits as long as it takes, since half a configuration would send plaintext."""
    source = m.ConfigSource(ads=m.AggregatedConfigSource(), resource_api_version="V3")
    source.initial_fetch_timeout.CopyFrom(m.duration(timedelta(0)))
    return source
