"""Paths to a root: found, or refused with the certificate that breaks them."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hauberk.pki.verify import ChainRefused, Defect, defects_of_authority, find_path, verify_chain


def usage(*, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, key_cert_sign, False, False, False)


def test_the_path_goes_by_intermediates_in_whatever_order_they_come(make_authority, now: datetime) -> None:
    root = make_authority("root")
    upper = make_authority("upper", root)
    lower = make_authority("lower", upper)
    leaf = make_authority("leaf", lower, is_ca=False)
    certificates = [each.certificate for each in (leaf, lower, upper, root)]
    assert find_path(leaf.certificate, [root.certificate, upper.certificate, lower.certificate], [root.certificate]) == tuple(certificates)
    assert verify_chain(certificates, [root.certificate], now=now) == tuple(certificates)


def test_a_trusted_intermediate_ends_the_path(make_authority, now: datetime) -> None:
    root = make_authority("root")
    lower = make_authority("lower", root)
    leaf = make_authority("leaf", lower, is_ca=False)
    assert verify_chain([leaf.certificate], [lower.certificate], now=now) == (leaf.certificate, lower.certificate)


def test_cross_signed_authorities_that_point_at_each_other_end_in_a_refusal(make_authority, now: datetime) -> None:
    one, two = make_authority("one"), make_authority("two")
    one_by_two = make_authority("one", two, key=one.key)
    two_by_one = make_authority("two", one, key=two.key)
    leaf = make_authority("leaf", one, is_ca=False)
    others = [one_by_two.certificate, two_by_one.certificate]
    assert find_path(leaf.certificate, others, [make_authority("root").certificate]) is None
    assert find_path(leaf.certificate, others, [two.certificate]) == (leaf.certificate, one_by_two.certificate, two.certificate)


def test_a_stranger_of_the_same_name_is_no_issuer(make_authority, now: datetime) -> None:
    leaf = make_authority("leaf", make_authority("root"), is_ca=False)
    with pytest.raises(ChainRefused, match=r'issued by "CN=root" does not lead to any of 1 trusted roots. Add the intermediate'):
        verify_chain([leaf.certificate], [make_authority("root").certificate], now=now)


def test_an_ended_leaf_is_refused(make_authority, now: datetime) -> None:
    root = make_authority("root")
    leaf = make_authority("leaf", root, is_ca=False, ends=timedelta(seconds=-1))
    with pytest.raises(ChainRefused, match=r"not now\. Renew it"):
        verify_chain([leaf.certificate], [root.certificate], now=now)


@pytest.mark.parametrize(
    ("defective", "said"),
    [
        ({"is_ca": False}, "not authorized to sign other certificates"),
        ({"ends": timedelta(hours=-1)}, "it ended at 2026-03-01 11:00:00 UTC. Renew it."),
        ({"starts": timedelta(hours=1)}, "it is not valid before 2026-03-01 13:00:00 UTC."),
        ({"extensions": (usage(key_cert_sign=False),)}, "leaves out keyCertSign"),
        ({"extensions": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),)}, "leaves out clientAuth."),
        ({"extensions": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),)}, "leaves out serverAuth and clientAuth."),
    ],
)
def test_an_authority_that_may_not_sign_breaks_the_path(make_authority, now: datetime, defective: dict, said: str) -> None:
    root = make_authority("root")
    lower = make_authority("lower", root, **defective)
    leaf = make_authority("leaf", lower, is_ca=False)
    with pytest.raises(ChainRefused, match='"CN=lower": ') as refused:
        verify_chain([leaf.certificate, lower.certificate], [root.certificate], now=now)
    assert said in str(refused.value)


def test_a_path_length_counts_the_authorities_below(make_authority, now: datetime) -> None:
    root = make_authority("root", path_length=0)
    assert list(defects_of_authority(root.certificate, below=0, now=now)) == []
    assert list(defects_of_authority(root.certificate, below=1, now=now)) == [
        Defect("HBK0405", "its path length is 0, and 1 CA certificates are below it.", "Use a greater pathlen.")
    ]


def test_usages_that_allow_it_are_no_defects(make_authority, now: datetime) -> None:
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
    whatever = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    for extensions in ((usage(key_cert_sign=True), both), (whatever,), ()):
        assert list(defects_of_authority(make_authority("root", extensions=extensions).certificate, below=3, now=now)) == []


def test_a_defect_reads_as_what_and_mend() -> None:
    assert str(Defect("HBK0407", "it ended.", "Renew it.")) == "it ended. Renew it."
