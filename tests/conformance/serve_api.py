"""An API server as a process of its own: `python serve_api.py STATE_DIR [PORT]`. Prints its port when it answers."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

from hauberk.apiserver.serve import ApiServer, ApiSettings
from hauberk.settings import InstancePaths


async def _serve(state: Path, port: int) -> None:
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with ApiServer(ApiSettings(InstancePaths(state=state, run=state / "run")), tcp):
        sys.stdout.write(f"{tcp.getsockname()[1]}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
