from datetime import UTC, datetime

from cryptography import x509

from hauberk.cli.demo.authority import certificates_in, make_own_ca
from hauberk.pki.verify import verify_chain

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_the_intermediate_leads_to_the_root_and_both_may_sign() -> None:
    ca = make_own_ca(NOW)
    root, intermediate = x509.load_pem_x509_certificate(ca.root.encode()), x509.load_pem_x509_certificate(ca.intermediate.encode())
    assert verify_chain([intermediate], [root], now=NOW) == (intermediate, root)
    for certificate in (root, intermediate):
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_the_files_are_those_of_the_secret() -> None:
    ca = make_own_ca(NOW)
    assert sorted(ca.files()) == ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"]
    assert certificates_in(ca.files()["cert-chain.pem"]) == [*certificates_in(ca.intermediate), *certificates_in(ca.root)]


def test_certificates_are_found_in_any_text_in_their_order() -> None:
    ca = make_own_ca(NOW)
    text = f"CONNECTED(00000003)\n 0 s:CN = x\n{ca.intermediate} 1 s:CN = y\n{ca.root}---\nDONE\n"
    assert certificates_in(text) == [*certificates_in(ca.intermediate), *certificates_in(ca.root)]
    assert certificates_in("no certificate") == []
