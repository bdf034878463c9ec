import json
from pathlib import Path

from tests.unit.cli.conftest import Hauberk, Typed


def test_a_good_folder_is_accepted_and_shown(hauberk: Hauberk, certs: Path) -> None:
    typed = hauberk("ca", "verify", str(certs))
    lines = typed.out.splitlines()
    assert (typed.code, typed.err) == (0, "")
    assert lines[0] == f"{certs}: this CA would be accepted for trust domain cluster.local."
    assert [line.split(" CN=")[0] for line in lines if " CN=" in line] == ["  root", "  └─ intermediate"]


def test_all_that_is_wrong_is_told_with_exit_status_1(hauberk: Hauberk, certs: Path, root: Path) -> None:
    (certs / "cert-chain.pem").unlink()
    (certs / "ca-key.pem").write_bytes((root / "ca-key.pem").read_bytes())
    assert hauberk("ca", "verify", str(certs)) == Typed(
        f"HBK0401 {certs}, cert-chain.pem: it is missing or empty. "
        "A plugged-in CA needs all of ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem.\n"
        f"HBK0404 {certs}, ca-key.pem: the key is not that of ca-cert.pem. Give the key the certificate was made for.\n"
        f"{certs}: this CA would be refused.\n",
        code=1,
    )


def test_json_has_the_findings_by_file(hauberk: Hauberk, certs: Path) -> None:
    (certs / "root-cert.pem").write_text("garbage")
    typed = hauberk("ca", "verify", str(certs), "-o", "json")
    facts = json.loads(typed.out)
    assert (typed.code, facts["accepted"], facts["chain"]) == (1, False, [])
    assert [(one["code"], one["level"], one["file"]) for one in facts["findings"]] == [("HBK0402", "Error", "root-cert.pem")]


def test_json_of_an_accepted_one_has_its_chain(hauberk: Hauberk, certs: Path) -> None:
    facts = json.loads(hauberk("ca", "verify", str(certs), "-o", "json").out)
    assert (facts["accepted"], [one["role"] for one in facts["chain"]], facts["findings"]) == (True, ["root", "intermediate"], [])


def test_no_key_is_ever_printed(hauberk: Hauberk, certs: Path) -> None:
    secret = (certs / "ca-key.pem").read_text().splitlines()[1]
    for output in ("text", "json", "yaml"):
        assert secret not in str(hauberk("ca", "verify", str(certs), "-o", output))


def test_an_impossible_trust_domain_is_refused(hauberk: Hauberk, certs: Path) -> None:
    typed = hauberk("ca", "verify", str(certs), "--trust-domain", "Example.Com")
    assert typed == Typed("", 'error: Trust domain "Example.Com" has capitals. Write "example.com".\n', 2)
