import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hauberk.pki.certificates import parse_certificates
from tests.unit.cli.conftest import Hauberk
from tests.unit.pki.svid_assertions import assert_is_signing_certificate


def test_intermediates_stand_below_each_other(hauberk: Hauberk, certs: Path, root: Path, tmp_path: Path) -> None:
    typed = hauberk("ca", "make-intermediate", str(tmp_path / "deep"), "--parent", str(certs), "--key", "rsa-2048", "-o", "json")
    facts = json.loads(typed.out)
    assert [(one["role"], one["key"]) for one in facts["chain"]] == [
        ("root", "ECDSA P-256"),
        ("intermediate", "ECDSA P-256"),
        ("intermediate", "RSA 2048"),
    ]
    chain = parse_certificates((tmp_path / "deep" / "cert-chain.pem").read_bytes())
    issuers = parse_certificates((certs / "ca-cert.pem").read_bytes() + (root / "ca-cert.pem").read_bytes())
    for certificate, issuer in zip(chain, issuers, strict=True):
        assert_is_signing_certificate(certificate, issuer)
    assert hauberk("ca", "verify", str(tmp_path / "deep")).code == 0


def test_it_never_outlives_its_parent(hauberk: Hauberk, tmp_path: Path) -> None:
    hauberk("ca", "make-root", str(tmp_path / "short"), "--days", "10")
    facts = json.loads(hauberk("ca", "make-intermediate", str(tmp_path / "x"), "--parent", str(tmp_path / "short"), "-o", "json").out)
    ends = {one["not_valid_after"] for one in facts["chain"]}
    assert len(ends) == 1


def test_a_folder_without_a_ca_is_no_parent(hauberk: Hauberk, tmp_path: Path) -> None:
    typed = hauberk("ca", "make-intermediate", str(tmp_path / "x"), "--parent", str(tmp_path))
    assert (typed.code, (tmp_path / "x").exists()) == (2, False)
    assert typed.err.startswith(f"error: {tmp_path} holds no CA that could sign:\nHBK0401 {tmp_path}, ca-cert.pem: it is missing or empty.")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on PATH")
def test_openssl_finds_the_way_to_the_root(certs: Path) -> None:
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "root-cert.pem", "ca-cert.pem"]
    assert subprocess.run(command, cwd=certs, capture_output=True, text=True, check=True).stdout == "ca-cert.pem: OK\n"
