from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hauberk.cli.ca.made import Made, keep
from hauberk.errors import ConfigError
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.keys import make_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = self_signed_ca(trust_domain=TrustDomain("mesh.example"), key=make_key(), now=NOW, serial=0xABC)


def test_it_tells_what_was_made_where_and_until_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(Made("a root CA", ROOT, tmp_path / "ca", force=False), "text", now=NOW)
    told = capsys.readouterr().out
    assert told.startswith(
        f"Made a root CA for trust domain mesh.example, in {tmp_path}/ca:\n"
        "  ca-cert.pem     its certificate, CN=Root CA abc,O=mesh.example\n"
        "  ca-key.pem      its key, ECDSA P-256; only you can read it, keep it so\n"
        "  cert-chain.pem  the certificates from it up (1)\n"
        "  root-cert.pem   the root to trust, CN=Root CA abc,O=mesh.example\n"
        "It is valid until 2036-02-27 12:00 UTC (3650 days).\n"
    )
    assert f"kubectl create secret generic cacerts -n istio-system --from-file={tmp_path}/ca/ca-cert.pem" in told


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"would be refused, so nothing was written:\nHBK0407 .* it ended at 2036-02-27"):
        keep(Made("a root CA", ROOT, tmp_path / "ca", force=False), "text", now=NOW + timedelta(days=4000))
    assert not (tmp_path / "ca").exists()
