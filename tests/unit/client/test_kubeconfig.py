import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hauberk.client.kubeconfig import Access
from hauberk.errors import ConfigError, NotFoundError
from hauberk.pki.svid import X509Svid
from tests.unit.xds.builders import identity, issue, make_ca

NOW = datetime.now(UTC)
FILES = Path("/proc/self/fd")
CA = make_ca(NOW)
SVID: X509Svid = issue(CA, identity("admin"), NOW)


def data(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def write(path: Path, *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **context: str) -> Path:
    inline = {"server": "https://127.0.0.1:6443", "certificate-authority-data": data(CA.bundle.to_pem())}
    config = {
        "current-context": "c",
        "clusters": [{"name": "k", "cluster": inline if cluster is None else cluster}],
        "users": [{"name": "u", "user": {"token": "t0ken"} if user is None else user}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", **context}}, {"name": "d", "context": {"cluster": "nope"}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_token_and_inline_roots(tmp_path: Path) -> None:
    access = Access.read(write(tmp_path / "config", namespace="books"))
    assert (access.server, access.namespace, access.headers()) == (
        "https://127.0.0.1:6443",
        "books",
        {"authorization": "Bearer t0ken"},
    )
    assert access.tls is not None
    assert len(access.tls.get_ca_certs()) == 1


def test_the_namespace_is_default_where_the_context_names_none(tmp_path: Path) -> None:
    assert Access.read(write(tmp_path / "config")).namespace == "default"


def test_an_inline_certificate_is_used_and_its_key_left_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    before = len(list(FILES.iterdir()))
    user = {"client-certificate-data": data(SVID.chain_to_pem()), "client-key-data": data(SVID.key_to_pem())}
    access = Access.read(write(tmp_path / "config", user=user))
    assert access.tls is not None
    assert (access.headers(), list((tmp_path / "tmp").iterdir())) == ({}, [])
    assert len(list(FILES.iterdir())) == before, "no file is left open"


def test_files_are_taken_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    files = {"ca.pem": CA.bundle.to_pem(), "cert.pem": SVID.chain_to_pem(), "key.pem": SVID.key_to_pem()}
    for name, pem in files.items():
        (tmp_path / name).write_bytes(pem)
    cluster = {"server": "https://x", "certificate-authority": "ca.pem"}
    access = Access.read(write(tmp_path / "config", cluster=cluster, user={"client-certificate": "cert.pem", "client-key": "key.pem"}))
    assert access.tls is not None


def test_plain_http_has_no_tls(tmp_path: Path) -> None:
    assert Access.read(write(tmp_path / "config", cluster={"server": "http://localhost:8080"})).tls is None


def test_a_server_may_go_unverified_where_the_file_says_so(tmp_path: Path) -> None:
    access = Access.read(write(tmp_path / "config", cluster={"server": "https://x", "insecure-skip-tls-verify": True}))
    assert access.tls is not None
    assert access.tls.check_hostname is False


@pytest.mark.parametrize(
    ("arguments", "context", "message"),
    [
        ({}, "nope", "Context 'nope' not found"),
        ({}, "d", "cannot be used: 'nope'"),
        ({"user": {"client-certificate-data": data(SVID.chain_to_pem())}}, None, "without its key"),
        ({"cluster": {"server": "https://x", "certificate-authority-data": "!"}}, None, "cannot be used"),
        ({"cluster": {"server": "https://x", "certificate-authority-data": "Cg=="}}, None, "inline data are empty"),
        ({"cluster": {"server": "https://x", "certificate-authority": "nowhere.pem"}}, None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, arguments: dict[str, Any], context: str | None, message: str
) -> None:
    path = write(tmp_path / "config", **arguments)
    with pytest.raises(ConfigError, match=message):
        Access.read(path, context=context)


def test_no_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no kubeconfig at .*hauberk up --detach"):
        Access.read(tmp_path / "none")


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a: [")
    with pytest.raises(ConfigError, match="cannot be used"):
        Access.read(tmp_path / "config")
