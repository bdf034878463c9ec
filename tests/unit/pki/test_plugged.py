"""The four files of a plugged-in CA: what is taken, and each bad input with its number, place and mend (facts/ossm.md section 5)."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import Level
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import certificates_to_pem
from hauberk.pki.keys import key_to_pem, make_key
from hauberk.pki.plugged import CA_CERT_FILE, CA_KEY_FILE, CHAIN_FILE, PLUGGED_FILES, ROOT_FILE, CaRefused, load_plugged_ca, read_plugged_ca

SUBJECT = "Secret istio-system-certs/cacerts"
TRUST_DOMAIN = TrustDomain("cluster.local")


@pytest.fixture
def files(make_authority):
    """`files(...)` is a good set by default: root, intermediate; keyword arguments spoil the intermediate."""

    def make(**options) -> dict[str, bytes]:
        root = make_authority("root", path_length=options.pop("root_path_length", None))
        signing = make_authority("signing", root, **options)
        pem = certificates_to_pem([signing.certificate])
        return {
            CA_CERT_FILE: pem,
            CA_KEY_FILE: key_to_pem(signing.key),
            CHAIN_FILE: pem,
            ROOT_FILE: certificates_to_pem([root.certificate]),
        }

    return make


def codes(files: dict[str, bytes], now: datetime) -> list[tuple[str, str]]:
    """Code and file of each finding."""
    ca, findings = read_plugged_ca(files, trust_domain=TRUST_DOMAIN, subject=SUBJECT, now=now)
    assert (ca is None) == bool(findings)
    assert all(finding.level is Level.ERROR and finding.subject == SUBJECT and str(finding).endswith(".") for finding in findings)
    return [(finding.code, finding.path.removeprefix('data["').removesuffix('"]')) for finding in findings]


def load(files: dict[str, bytes], now: datetime) -> SigningCa:
    return load_plugged_ca(files, trust_domain=TRUST_DOMAIN, subject=SUBJECT, now=now)


def test_a_good_set_is_taken_and_leads_to_the_root(files, now: datetime) -> None:
    given = files()
    ca = load(given, now)
    assert certificates_to_pem(ca.path) == given[CA_CERT_FILE] + given[ROOT_FILE]
    assert (ca.bundle.to_pem(), ca.trust_domain) == (given[ROOT_FILE], TRUST_DOMAIN)
    assert codes(given, now) == []


def test_long_chains_and_ready_made_bundles_are_taken(make_authority, now: datetime) -> None:
    root, other = make_authority("root"), make_authority("other")
    upper = make_authority("upper", root)
    lower = make_authority("lower", upper)
    ca = load(
        {
            CA_CERT_FILE: certificates_to_pem([lower.certificate]),
            CA_KEY_FILE: key_to_pem(lower.key),
            CHAIN_FILE: certificates_to_pem([upper.certificate, root.certificate, lower.certificate]),
            ROOT_FILE: certificates_to_pem([other.certificate, root.certificate, root.certificate]),
        },
        now,
    )
    assert ca.path == (lower.certificate, upper.certificate, root.certificate)
    assert ca.bundle.roots == (other.certificate, root.certificate)


def test_a_root_may_sign_by_itself(make_authority, now: datetime) -> None:
    root = make_authority("root")
    pem = certificates_to_pem([root.certificate])
    assert load({CA_CERT_FILE: pem, CA_KEY_FILE: key_to_pem(root.key), CHAIN_FILE: pem, ROOT_FILE: pem}, now).is_self_signed


@pytest.mark.parametrize("name", PLUGGED_FILES)
def test_a_missing_file_is_an_error_and_never_a_fall_back(files, now: datetime, name: str) -> None:
    for spoiled in ({key: value for key, value in files().items() if key != name}, files() | {name: b""}):
        assert codes(spoiled, now) == [("HBK0401", name)]


def test_nothing_at_all_names_every_file(now: datetime) -> None:
    assert codes({}, now) == [("HBK0401", name) for name in PLUGGED_FILES]


@pytest.mark.parametrize("name", [CA_CERT_FILE, CHAIN_FILE, ROOT_FILE])
def test_garbage_for_a_certificate_is_found_where_it_is(files, now: datetime, name: str) -> None:
    for garbage in (b"garbage", b"-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n"):
        assert codes(files() | {name: garbage}, now) == [("HBK0402", name)]


def test_keys_that_cannot_be_used_are_refused(files, now: datetime) -> None:
    encrypted = make_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    for key in (b"garbage", encrypted):
        assert codes(files() | {CA_KEY_FILE: key}, now) == [("HBK0403", CA_KEY_FILE)]
    assert codes(files() | {CA_KEY_FILE: key_to_pem(make_key())}, now) == [("HBK0404", CA_KEY_FILE)]


def test_a_strangers_root_is_refused(files, now: datetime) -> None:
    with pytest.raises(CaRefused) as refused:
        load(files() | {ROOT_FILE: files()[ROOT_FILE]}, now)
    assert [finding.code for finding in refused.value.findings] == ["HBK0406"]
    assert str(refused.value).startswith(f'HBK0406 {SUBJECT}, data["ca-cert.pem"]: its issuer "CN=root" does not lead to root-cert.pem')
    assert "unknown authority. Put every certificate between the two into cert-chain.pem" in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ({"is_ca": False}, ("HBK0405", CA_CERT_FILE)),
        ({"ends": timedelta(seconds=-1)}, ("HBK0407", CA_CERT_FILE)),
        ({"starts": timedelta(seconds=1)}, ("HBK0407", CA_CERT_FILE)),
        ({"extensions": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),)}, ("HBK0405", CA_CERT_FILE)),
        ({"root_path_length": 0}, ("HBK0405", ROOT_FILE)),
    ],
)
def test_a_certificate_that_may_not_sign_now_is_refused(files, now: datetime, spoil: dict, expected: tuple[str, str]) -> None:
    assert codes(files(**spoil), now) == [expected]


def test_a_defect_between_is_found_in_the_chain_file(make_authority, now: datetime) -> None:
    root = make_authority("root")
    upper = make_authority("upper", root, ends=timedelta(hours=-1))
    lower = make_authority("lower", upper)
    given = {
        CA_CERT_FILE: certificates_to_pem([lower.certificate]),
        CA_KEY_FILE: key_to_pem(lower.key),
        CHAIN_FILE: certificates_to_pem([upper.certificate]),
        ROOT_FILE: certificates_to_pem([root.certificate]),
    }
    assert codes(given, now) == [("HBK0407", CHAIN_FILE)]


def test_everything_wrong_is_found_at_once(files, now: datetime) -> None:
    given = files(ends=timedelta(seconds=-1)) | {CA_KEY_FILE: key_to_pem(make_key()), ROOT_FILE: files()[ROOT_FILE]}
    assert codes(given, now) == [("HBK0404", CA_KEY_FILE), ("HBK0406", CA_CERT_FILE), ("HBK0407", CA_CERT_FILE)]


def test_no_finding_quotes_a_key(files, now: datetime) -> None:
    given = files()
    secret = given[CA_KEY_FILE].splitlines()[1].decode()
    _, findings = read_plugged_ca(given | {CA_CERT_FILE: given[CA_KEY_FILE]}, trust_domain=TRUST_DOMAIN, subject=SUBJECT, now=now)
    assert findings
    assert all(secret not in str(finding) for finding in findings)


@given(
    st.dictionaries(
        st.sampled_from(PLUGGED_FILES), st.binary(max_size=60) | st.just(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----")
    )
)
def test_any_bytes_are_refused_by_number(now: datetime, given: dict[str, bytes]) -> None:
    assert {code for code, _ in codes(given, now)} <= {"HBK0401", "HBK0402", "HBK0403"}


def test_the_names_of_a_tls_secret_are_taken_and_its_missing_files_named(make_authority, now: datetime) -> None:
    root = make_authority("root")
    middle = make_authority("middle", root)
    signing = make_authority("signing", middle)
    given = {
        "tls.crt": certificates_to_pem([signing.certificate, middle.certificate]),
        "tls.key": key_to_pem(signing.key),
        "ca.crt": certificates_to_pem([root.certificate]),
    }
    assert load(given, now).path == (signing.certificate, middle.certificate, root.certificate)
    assert codes(given | {"tls.key": b""}, now) == [("HBK0401", "tls.key")]
    assert codes(given | {"tls.crt": b"garbage"}, now) == [("HBK0402", "tls.crt"), ("HBK0402", "tls.crt")]


def test_name_constraints_that_leave_the_mesh_out_are_refused(files, now: datetime) -> None:
    constraints = x509.NameConstraints([x509.UniformResourceIdentifier("example.com")], None)
    assert codes(files(extensions=(constraints,)), now) == [("HBK0408", CA_CERT_FILE)]


def test_a_bad_revocation_list_is_a_warning_and_the_ca_is_taken(files, now: datetime) -> None:
    ca, findings = read_plugged_ca(files() | {"ca-crl.pem": b"garbage"}, trust_domain=TRUST_DOMAIN, subject=SUBJECT, now=now)
    assert ca is not None
    assert ca.crls == ()
    assert [(finding.code, finding.level) for finding in findings] == [("HBK0421", Level.WARNING)]
