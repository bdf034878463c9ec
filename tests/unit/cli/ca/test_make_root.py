import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hauberk.pki.certificates import parse_certificates, spiffe_id_of
from tests.unit.cli.conftest import Hauberk
from tests.unit.pki.svid_assertions import assert_is_signing_certificate


def test_a_root_is_made_for_its_trust_domain_and_lifetime(hauberk: Hauberk, tmp_path: Path) -> None:
    words = ("--trust-domain", "mesh.example", "--days", "30", "--key", "ecdsa-p384", "-o", "json")
    facts = json.loads(hauberk("ca", "make-root", str(tmp_path), *words).out)
    (root,) = facts["chain"]
    assert (facts["folder"], facts["trust_domain"], root["key"], root["days_left"]) == (str(tmp_path), "mesh.example", "ECDSA P-384", 30)
    (certificate,) = parse_certificates((tmp_path / "ca-cert.pem").read_bytes())
    assert str(spiffe_id_of(certificate)) == "spiffe://mesh.example"
    assert_is_signing_certificate(certificate)


def test_it_is_made_where_one_stands(hauberk: Hauberk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert hauberk("ca", "make-root").code == 0
    assert hauberk("ca", "verify", ".").code == 0


def test_nothing_is_overwritten(hauberk: Hauberk, root: Path) -> None:
    before = (root / "ca-key.pem").read_bytes()
    typed = hauberk("ca", "make-root", str(root))
    assert (typed.code, typed.out) == (2, "")
    assert "add --force" in typed.err
    assert (root / "ca-key.pem").read_bytes() == before
    assert hauberk("ca", "make-root", str(root), "--force").code == 0
    assert (root / "ca-key.pem").read_bytes() != before


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on PATH")
def test_openssl_takes_the_root(root: Path) -> None:
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "root-cert.pem", "ca-cert.pem"]
    assert subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout == "ca-cert.pem: OK\n"
