"""The durations of a control plane's CA."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hauberk.controllers.mesh.ca_settings import CaSettings
from hauberk.k8s.kind import Manifest
from hauberk.pki.ca import Lifetimes
from tests.unit.controllers.builders import make_smcp


def settings(**istiod: object) -> CaSettings:
    spec: Manifest = {"security": {"certificateAuthority": {"istiod": istiod}}}
    return CaSettings.of(make_smcp(spec=spec))


def test_where_nothing_is_said_istios_defaults_hold() -> None:
    assert settings() == CaSettings.of(make_smcp()) == CaSettings()
    assert CaSettings() == CaSettings(
        Lifetimes(timedelta(hours=24), timedelta(days=90)), timedelta(days=3650), 0.2, timedelta(hours=1), checks_root=True
    )


def test_what_is_said_is_taken() -> None:
    root = {"ttl": "1000h", "gracePeriod": "35", "checkPeriod": "10m"}
    assert settings(workloadCertTTLDefault="2h", workloadCertTTLMax="3h", selfSigned=root) == CaSettings(
        Lifetimes(timedelta(hours=2), timedelta(hours=3)), timedelta(hours=1000), 0.35, timedelta(minutes=10), checks_root=True
    )


def test_a_check_period_of_zero_switches_the_renewal_off() -> None:
    assert not settings(selfSigned={"checkPeriod": "0"}).checks_root
    assert not settings(selfSigned={"checkPeriod": "-1s"}).checks_root


@given(st.text(), st.timedeltas(timedelta(minutes=1), timedelta(days=36500)))
def test_meshes_renew_their_roots_at_moments_of_their_own_and_in_time(seed: str, life: timedelta) -> None:
    here = settings()
    assert timedelta() <= here.jitter(seed, life) <= min(here.check_period, life * here.grace_share / 2)
    assert here.jitter(seed, life) == here.jitter(seed, life)


def test_the_jitter_is_spread_and_can_be_switched_off() -> None:
    life = timedelta(days=3650)
    assert len({settings().jitter(seed, life) for seed in "abcdef"}) == 6
    assert settings(selfSigned={"enableJitter": True}) == settings()
    assert settings(selfSigned={"enableJitter": False}).jitter("a", life) == timedelta()
