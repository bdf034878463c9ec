"""An ASGI application on a unix socket that only its owner can open (edge)."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

__all__ = ["serve_on_unix_socket"]


class _Server(uvicorn.Server):
    """Signals are the process's affair, not this server's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_on_unix_socket(app: ASGIApp, path: Path) -> None:
    """Serve until cancelled; a socket that a process before us left at `path` is replaced."""
    with _listening(path) as listening:
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="websockets-sansio", timeout_graceful_shutdown=1)
        server = _Server(config)
        try:
            await server.serve(sockets=[listening])
        except asyncio.CancelledError:
            server.should_exit = True
            raise


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(128)
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)
