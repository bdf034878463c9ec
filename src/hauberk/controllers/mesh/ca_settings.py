"""The durations of a mesh's CA, as `spec.security.certificateAuthority.istiod` has them; Istio's defaults where it is silent. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final, Self

from hauberk.controllers.objects import at
from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.kind import Manifest
from hauberk.pki.ca import DEFAULT_LIFETIMES, Lifetimes
from hauberk.pki.issue import ROOT_LIFETIME

__all__ = ["CaSettings"]

_CHECK_PERIOD: Final = timedelta(hours=1)
_GRACE_PERCENT: Final = "20"


@dataclass(frozen=True, slots=True)
class CaSettings:
    """What a CA is told beside its certificates. Validation has refused what is no duration."""

    lifetimes: Lifetimes = DEFAULT_LIFETIMES
    root_life: timedelta = ROOT_LIFETIME
    grace_share: float = 0.2
    """The last part of a root's life, in which a new one takes its place."""
    check_period: timedelta = _CHECK_PERIOD
    checks_root: bool = True
    """A check period of zero or less switches the renewal of the root off, as upstream."""
    jitters: bool = True

    @classmethod
    def of(cls, smcp: Manifest) -> Self:
        """The settings of a ServiceMeshControlPlane."""
        istiod = at(smcp, "spec.security.certificateAuthority.istiod", {})
        period = _duration(at(istiod, "selfSigned.checkPeriod"), _CHECK_PERIOD)
        return cls(
            Lifetimes(
                default=_duration(istiod.get("workloadCertTTLDefault"), DEFAULT_LIFETIMES.default),
                maximum=_duration(istiod.get("workloadCertTTLMax"), DEFAULT_LIFETIMES.maximum),
            ),
            root_life=_duration(at(istiod, "selfSigned.ttl"), ROOT_LIFETIME),
            grace_share=int(str(at(istiod, "selfSigned.gracePeriod", _GRACE_PERCENT)).removesuffix("%")) / 100,
            check_period=period if period > timedelta() else _CHECK_PERIOD,
            checks_root=period > timedelta(),
            jitters=at(istiod, "selfSigned.enableJitter", True) is not False,
        )

    def jitter(self, seed: str, life: timedelta) -> timedelta:
        """How much later than due the root with this life is renewed: the same for one `seed`, spread over the check period.

        So meshes that were made together do not all change their roots together (Istio draws the start of its checks from
        [0, checkPeriod)). Never more than half of what is left then, so that a root of a short life is renewed in time.
        """
        if not self.jitters:
            return timedelta()
        share = int.from_bytes(sha256(seed.encode()).digest()[:4]) / (1 << 32)
        return share * min(self.check_period, life * self.grace_share / 2)


def _duration(text: object, default: timedelta) -> timedelta:
    parsed = parse_go_duration(text) if isinstance(text, str) else None
    return default if parsed is None else parsed
