"""The steps from one CA to another, with workloads that follow in any order: at no moment do two of them distrust each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import fingerprint
from hauberk.pki.issue import Issuer
from hauberk.pki.keys import make_key
from hauberk.pki.revocation import crls_to_pem, digest_of, empty_crl, is_list_of
from hauberk.pki.rotation import SETTLE, Held, Leaf, Rotation, Step, is_same, needs_new_root, plan_rotation
from hauberk.pki.svid import X509Bundle

TRUST_DOMAIN = TrustDomain("cluster.local")
START = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def new_ca(serial: int, **options) -> SigningCa:
    return self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=START, serial=serial << 100, **options)


OLD, NEW, THIRD = new_ca(1), new_ca(2), new_ca(3)


def with_list(ca: SigningCa) -> SigningCa:
    return replace(ca, crls=(empty_crl(ca.issuer, now=START),))


def holding(ca: SigningCa, *, signer: SigningCa | None = None, since: datetime = START) -> Held:
    """What a workload has that took everything `ca` hands out, with a leaf by `signer`."""
    return Held(fingerprint((signer or ca).path[0]), frozenset(ca.bundle.fingerprints()), digest_of(crls_to_pem(ca.crls)), since)


def later(seconds: float = 10) -> datetime:
    return START + timedelta(seconds=seconds)


def test_what_is_in_use_stays_where_nothing_else_is_wanted() -> None:
    assert plan_rotation(OLD, OLD, {"a": None}, START) == Rotation(OLD, Step.DONE)


def test_the_three_steps_each_wait_for_every_workload() -> None:
    first = plan_rotation(OLD, NEW, {"a": holding(OLD), "b": holding(OLD)}, later())
    assert (first.step, first.waiting, first.ca.path) == (Step.COMBINED, ("a", "b"), OLD.path)
    assert first.ca.bundle.roots == (*OLD.bundle.roots, *NEW.bundle.roots)
    half = plan_rotation(first.ca, NEW, {"a": holding(first.ca), "b": holding(OLD), "c": None}, later())
    assert (half.step, half.waiting) == (Step.COMBINED, ("b", "c"))
    assert is_same(half.ca, first.ca)
    second = plan_rotation(first.ca, NEW, {"a": holding(first.ca), "b": holding(first.ca)}, later())
    assert (second.step, second.ca.path, second.ca.bundle) == (Step.NEW_SIGNER, NEW.path, first.ca.bundle)
    moved = holding(second.ca)
    still = plan_rotation(second.ca, NEW, {"a": moved, "b": holding(second.ca, signer=OLD)}, later())
    assert (still.step, still.waiting) == (Step.NEW_SIGNER, ("b",))
    assert plan_rotation(second.ca, NEW, {"a": moved, "b": moved}, later()) == Rotation(NEW, Step.DONE)


def test_a_workload_that_has_just_got_something_is_given_time_to_read_it() -> None:
    combined = plan_rotation(OLD, NEW, {}, START).ca
    fresh = plan_rotation(combined, NEW, {"a": holding(combined, since=later(9))}, later())
    assert (fresh.step, fresh.waiting, fresh.look_again) == (Step.COMBINED, ("a",), SETTLE - timedelta(seconds=1))


def test_another_intermediate_below_the_same_root_needs_no_new_roots(make_authority) -> None:
    root = make_authority("root")
    one, two = (_below(root, make_authority(name, root)) for name in ("one", "two"))
    assert plan_rotation(one, two, {"a": holding(one)}, later()) == Rotation(two, Step.DONE)


def _below(root: Issuer, signing: Issuer) -> SigningCa:
    return SigningCa(signing, (signing.certificate, root.certificate), X509Bundle(TRUST_DOMAIN, (root.certificate,)))


def test_a_wish_that_changes_on_the_way_leaves_nobody_out() -> None:
    combined = plan_rotation(OLD, NEW, {}, START).ca
    turned = plan_rotation(combined, THIRD, {"a": holding(combined)}, later())
    assert (turned.step, turned.ca.path) == (Step.COMBINED, OLD.path)
    assert set(turned.ca.bundle.roots) == {*OLD.path, *NEW.path, *THIRD.path}
    back = plan_rotation(combined, OLD, {"a": holding(combined, signer=OLD)}, later())
    assert back == Rotation(OLD, Step.DONE)


def test_a_signer_that_has_ended_is_waited_for_by_nobody() -> None:
    ended = new_ca(4, lifetime=timedelta(seconds=5))
    step = plan_rotation(ended, NEW, {"a": holding(ended)}, later())
    assert (step.step, step.ca.path) == (Step.NEW_SIGNER, NEW.path)


@pytest.mark.parametrize(("one", "other"), [(with_list(OLD), NEW), (OLD, with_list(NEW)), (with_list(OLD), with_list(NEW))])
def test_where_one_has_a_revocation_list_both_have_one_on_the_way(one: SigningCa, other: SigningCa) -> None:
    combined = plan_rotation(one, other, {"a": holding(one)}, later()).ca
    assert all(crl in combined.crls for crl in (*one.crls, *other.crls))
    for ca in (one, other):
        assert any(is_list_of(crl, ca.path[0]) for crl in combined.crls)
    again = plan_rotation(combined, other, {"a": holding(one)}, later())
    assert is_same(again.ca, combined)  # the empty list is made once
    assert plan_rotation(combined, other, {"a": holding(combined)}, later()).ca.crls == combined.crls
    assert plan_rotation(replace(combined, issuer=other.issuer, path=other.path), other, {}, later()).ca == other


def test_a_list_can_be_changed_and_cleared_at_once() -> None:
    assert plan_rotation(with_list(OLD), OLD, {"a": holding(with_list(OLD))}, later()) == Rotation(OLD, Step.DONE)
    listed = with_list(OLD)
    assert plan_rotation(OLD, listed, {"a": holding(OLD)}, later()) == Rotation(listed, Step.DONE)


@settings(deadline=None)
@given(st.data())
def test_whatever_the_order_no_two_workloads_ever_distrust_each_other(data: st.DataObject) -> None:
    in_use, now = data.draw(st.sampled_from([OLD, with_list(OLD)])), later()
    workloads = {name: holding(in_use) for name in "abc"}
    issuers = {fingerprint(ca.path[0]): ca for ca in (OLD, NEW, THIRD)}
    for _ in range(data.draw(st.integers(1, 25))):
        target = data.draw(st.sampled_from([NEW, NEW, NEW, with_list(NEW), THIRD]))
        in_use = plan_rotation(in_use, target, workloads, now).ca
        for name in data.draw(st.sets(st.sampled_from("abc"))):  # these take what is handed out: roots first, then a leaf
            leaf = data.draw(st.sampled_from([workloads[name].issuer, fingerprint(in_use.path[0])]))
            workloads[name] = replace(holding(in_use, since=now), issuer=leaf)
        now += timedelta(seconds=data.draw(st.sampled_from([0, 3])))
        for one in workloads.values():
            for other in workloads.values():
                assert set(issuers[one.issuer].bundle.fingerprints()) <= other.roots


def test_what_is_reported_is_read_back_and_junk_is_not() -> None:
    held = holding(with_list(OLD))
    assert Held.parse(held.render()) == held
    assert [Held.parse(text) for text in ("", "{}", "[]", "null", '{"issuer": 1, "roots": 2, "since": "x"}')] == [None] * 5


def test_a_root_is_due_in_the_last_part_of_its_life() -> None:
    root = new_ca(5, lifetime=timedelta(days=100)).path[0]
    assert [needs_new_root(root, START + timedelta(days=days)) for days in (0, 79, 81, 101)] == [False, False, True, True]
    assert needs_new_root(root, START + timedelta(days=60), share=0.5)


def test_what_a_workload_has_is_read_as_it_was_written_with_and_without_its_leaf() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    leaf = Leaf("spiffe://cluster.local/ns/a/sa/b", "1f", now, now + timedelta(days=1))
    for held in (Held("AA", frozenset({"BB"}), "", now), Held("AA", frozenset({"BB"}), "cc", now, leaf)):
        assert Held.parse(held.render()) == held
