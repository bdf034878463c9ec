"""Where an instance keeps things and which ports it took: frozen, made once, handed down.

Paths only are computed here; nothing is read but the environment mapping that is passed in. No other module reads the
environment for these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

__all__ = ["InstancePaths", "Ports", "Settings", "instance_paths"]

_SOCKET_PATH_LIMIT_BYTES = 108
"""sun_path of unix(7), terminating zero included."""
_LONGEST_SOCKET_BELOW_RUN = len("/m/0123456789abcdef/xds.sock")


@dataclass(frozen=True, slots=True)
class InstancePaths:
    """Folders and files of one instance; all are private to the owner (0700, 0600)."""

    state: Path
    run: Path

    @property
    def database(self) -> Path:
        """The API server's SQLite file."""
        return self.state / "state.db"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Certificates and keys of the API: its CA, the server's, the administrator's, the node's, the token signer."""
        return self.state / "pki"

    @property
    def instance(self) -> Path:
        """What runs: pids, ports, since when (JSON)."""
        return self.state / "instance.json"

    @property
    def logs(self) -> Path:
        """Logs of our own processes."""
        return self.state / "logs"

    @property
    def pod_logs(self) -> Path:
        """`<namespace>_<pod>_<uid>/<container>/<restart>.log`, as under /var/log/pods of a kubelet."""
        return self.state / "pods"

    @property
    def api_socket(self) -> Path:
        """The Kubernetes API (TLS) for the node, which is in another network namespace."""
        return self.run / "api.sock"

    @property
    def node_socket(self) -> Path:
        """The node's API (logs, exec, proxy) for the API server; the folder is private to the owner."""
        return self.run / "node.sock"

    def mesh_run(self, namespace: str, name: str) -> Path:
        """The folder of a mesh's sockets (xds.sock, ca.sock); hashed, because socket paths are short."""
        return self.run / "m" / sha256(f"{namespace}/{name}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on the host's loopback."""

    api: int
    http: int
    """Where the ingress gateways' Routes are reached."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a process of an instance is told at its start."""

    name: str
    paths: InstancePaths
    ports: Ports


def instance_paths(name: str, environ: Mapping[str, str], *, uid: int) -> InstancePaths:
    """The folders of the instance `name`, by the XDG base directory rules.

    State is under `$XDG_STATE_HOME/hauberk/<name>`, by default `~/.local/state/hauberk/<name>`. Sockets are in `run` below
    it, or below `/tmp/hauberk-<uid>/` where that path would be too long for a unix socket.
    """
    base = environ.get("XDG_STATE_HOME") or f"{environ.get('HOME', '/')}/.local/state"
    state = Path(base) / "hauberk" / name
    run = state / "run"
    if len(str(run)) + _LONGEST_SOCKET_BELOW_RUN >= _SOCKET_PATH_LIMIT_BYTES:
        run = Path(f"/tmp/hauberk-{uid}") / sha256(str(state).encode()).hexdigest()[:16]  # noqa: S108 - made 0700, owner checked
    return InstancePaths(state=state, run=run)
