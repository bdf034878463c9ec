"""A folder with a root, one with an intermediate below it, and an API that knows one mesh."""

import base64
from pathlib import Path

import orjson
import pytest

from tests.unit.cli.conftest import Hauberk


@pytest.fixture
def root(hauberk: Hauberk, tmp_path: Path) -> Path:
    assert hauberk("ca", "make-root", str(tmp_path / "root")).code == 0
    return tmp_path / "root"


@pytest.fixture
def certs(hauberk: Hauberk, root: Path) -> Path:
    """An intermediate CA below `root`."""
    folder = root.with_name("certs")
    assert hauberk("ca", "make-intermediate", str(folder), "--parent", str(root)).code == 0
    return folder


@pytest.fixture
def mesh(hauberk: Hauberk, namespace: str, certs: Path) -> str:
    """`NAMESPACE/basic`, whose CA is the one in `certs`, and whose workloads trust its root."""
    data = {path.name: base64.b64encode(path.read_bytes()).decode() for path in certs.iterdir()}
    objects = [
        {"apiVersion": "maistra.io/v2", "kind": "ServiceMeshControlPlane", "metadata": {"name": "basic"}, "spec": {"version": "v2.1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cacerts"}, "data": data},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "istio-ca-root-cert"},
            "data": {"root-cert.pem": (certs / "root-cert.pem").read_text()},
        },
    ]
    typed = hauberk("apply", "-n", namespace, "-f", "-", stdin="---\n".join(orjson.dumps(one).decode() + "\n" for one in objects))
    assert typed.code == 0, typed.err
    return f"{namespace}/basic"
