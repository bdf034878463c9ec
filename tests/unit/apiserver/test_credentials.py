from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from hauberk import names
from hauberk.apiserver.credentials import CLIENTS, Client, Issued, admin_kubeconfig, is_due, issue_client, issue_server, make_ca, new_key
from tests.unit.apiserver.builders import NOW

CA = make_ca(new_key(), now=NOW)


def extension(issued: Issued, kind: type) -> object:
    return issued.certificate.extensions.get_extension_for_class(kind).value


def test_the_ca_signs_certificates_and_nothing_else() -> None:
    assert extension(CA, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=0)
    usage = extension(CA, x509.KeyUsage)
    assert isinstance(usage, x509.KeyUsage)
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert CA.certificate.not_valid_after_utc - NOW == timedelta(days=3650)


def test_the_server_is_known_by_loopback_and_by_the_names_pods_use() -> None:
    server = issue_server(CA, new_key(), now=NOW)
    alternatives = extension(server, x509.SubjectAlternativeName)
    assert isinstance(alternatives, x509.SubjectAlternativeName)
    assert alternatives.get_values_for_type(x509.DNSName) == [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    assert [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "10.96.0.1"]
    assert extension(server, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def test_a_strict_verifier_accepts_what_the_ca_issues() -> None:
    server = issue_server(CA, new_key(), now=NOW)
    verifier = PolicyBuilder().store(Store([CA.certificate])).time(NOW).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(server.certificate, [])[0] == server.certificate


@pytest.mark.parametrize(
    ("file", "name", "group"),
    [
        ("admin", "admin", names.GROUP_MASTERS),
        ("control-plane", names.USER_CONTROL_PLANE, None),
        ("node", names.USER_NODE, names.GROUP_NODES),
    ],
)
def test_every_client_has_its_name_and_group(file: str, name: str, group: str | None) -> None:
    client = next(one for one in CLIENTS if one.file == file)
    issued = issue_client(CA, new_key(), client, now=NOW)
    subject = issued.certificate.subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [name]
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ([group] if group else [])
    assert extension(issued, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert extension(issued, x509.BasicConstraints) == x509.BasicConstraints(ca=False, path_length=None)


@pytest.mark.parametrize(("days", "due"), [(0, False), (300, False), (306, True), (400, True), (-1, True)])
def test_certificates_are_renewed_two_months_before_they_end(days: int, due: bool) -> None:
    issued = issue_client(CA, new_key(), Client("x", "x"), now=NOW)
    assert is_due(issued.certificate, now=NOW + timedelta(days=days)) is due


def test_the_kubeconfig_has_all_in_it() -> None:
    admin = issue_client(CA, new_key(), CLIENTS[0], now=NOW)
    config = admin_kubeconfig(CA, admin, server="https://127.0.0.1:6443", name="demo")
    assert config["current-context"] == "demo"
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
