"""An API server in a process of its own, which tests may kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hauberk.client.http import ApiClient

_PROGRAM = Path(__file__).parent / "serve_api.py"


@dataclass
class ApiProcess:
    """A server that answers. `state` is its folder."""

    process: subprocess.Popen[str]
    state: Path
    port: int

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    def client(self) -> ApiClient:
        """An administrator's client over the unix socket."""
        pki = self.state / "pki"
        return ApiClient.over_unix_socket(
            self.state / "run" / "api.sock", ca=pki / "ca.crt", certificate=pki / "admin.crt", key=pki / "admin.key"
        )

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def api_process(state: Path, port: int = 0) -> Iterator[ApiProcess]:
    """Start a server on `state`; it is stopped, however the test ends."""
    command = [sys.executable, str(_PROGRAM), str(state), str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:  # logs come first
            if line.strip().isdigit():
                yield ApiProcess(process, state, int(line))
                return
        raise AssertionError(f"the API server ended with status {process.wait()}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
