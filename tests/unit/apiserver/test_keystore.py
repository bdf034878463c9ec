from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from hauberk.apiserver.keystore import ensure_credentials, write_kubeconfig
from hauberk.errors import EnvironmentProblem
from hauberk.settings import InstancePaths
from tests.unit.apiserver.builders import NOW

FILES = sorted([*(f"{name}.{end}" for name in ("ca", "server", "admin", "control-plane", "node") for end in ("crt", "key")), "token.key"])


@pytest.fixture
def paths(tmp_path: Path) -> InstancePaths:
    return InstancePaths(state=tmp_path, run=tmp_path / "run")


def contents(paths: InstancePaths) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(paths.pki.iterdir())}


def test_the_first_start_makes_everything_private(paths: InstancePaths) -> None:
    credentials = ensure_credentials(paths, now=NOW)
    assert sorted(contents(paths)) == FILES
    assert {path.stat().st_mode & 0o777 for path in paths.pki.iterdir()} == {0o600}
    assert paths.pki.stat().st_mode & 0o777 == 0o700
    assert credentials.admin.certificate == paths.pki / "admin.crt"
    assert "token_key" not in repr(credentials)


def test_another_start_keeps_everything(paths: InstancePaths) -> None:
    ensure_credentials(paths, now=NOW)
    before = contents(paths)
    ensure_credentials(paths, now=NOW + timedelta(days=100))
    assert contents(paths) == before


def test_what_is_near_its_end_is_renewed_under_the_same_ca(paths: InstancePaths) -> None:
    ensure_credentials(paths, now=NOW)
    before = contents(paths)
    ensure_credentials(paths, now=NOW + timedelta(days=330))
    after = contents(paths)
    assert [name for name in FILES if after[name] == before[name]] == ["ca.crt", "ca.key", "token.key"]
    ca = x509.load_pem_x509_certificate(after["ca.crt"])
    x509.load_pem_x509_certificate(after["server.crt"]).verify_directly_issued_by(ca)


def test_a_lost_ca_makes_all_anew_but_not_the_token_key(paths: InstancePaths) -> None:
    ensure_credentials(paths, now=NOW)
    before = contents(paths)
    (paths.pki / "ca.key").unlink()
    ensure_credentials(paths, now=NOW)
    after = contents(paths)
    assert [name for name in FILES if after[name] == before[name]] == ["token.key"]


def test_a_damaged_file_says_how_to_mend_it(paths: InstancePaths) -> None:
    ensure_credentials(paths, now=NOW)
    (paths.pki / "node.crt").write_text("junk")
    with pytest.raises(EnvironmentProblem, match=r"node\.crt: .*Remove it: a new one is made at the next start"):
        ensure_credentials(paths, now=NOW)


def test_the_kubeconfig_is_private_and_whole(paths: InstancePaths) -> None:
    with pytest.raises(EnvironmentProblem, match="lacks the API's certificates"):
        write_kubeconfig(paths, port=1, name="x")
    ensure_credentials(paths, now=NOW)
    write_kubeconfig(paths, port=6443, name="demo")
    write_kubeconfig(paths, port=6444, name="demo")
    assert paths.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(paths.kubeconfig.read_text())["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6444"
