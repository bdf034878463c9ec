"""From the CA in use to the one that is wanted, without a moment in which two workloads do not trust each other. Pure.

    in use: S, trusts S ──► combined: S signs, S and T trusted ──all trust both──► T signs, both trusted ──all have T's leaf──► T alone
                                     step COMBINED                                    step NEW_SIGNER                           DONE

Each arrow is one call of `plan_rotation`; what it answers becomes the CA in use (an object of the API), so that a control plane
that is restarted in the middle goes on where it was. The order is Istio's cacert_rotation test's, done by hand there.
Revocation lists travel with the roots: a verifier that has a list for one issuer needs one for each.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from cryptography import x509

from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import fingerprint, is_valid_at, uris_of
from hauberk.pki.revocation import crls_to_pem, digest_of, empty_crl, has_ended, is_list_of, may_sign_lists

__all__ = ["SETTLE", "Held", "Leaf", "Rotation", "Step", "is_same", "needs_new_root", "plan_rotation"]

SETTLE: Final = timedelta(seconds=2)
"""How long a workload must have had something before it counts: its Envoy reads the files after they are written."""


class Step(StrEnum):
    """How far a rotation is."""

    DONE = "Done"
    COMBINED = "CombinedBundle"
    NEW_SIGNER = "NewSigner"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is public of a workload's certificate; `serial` in hexadecimal."""

    identity: str
    serial: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Self:
        """The facts of a certificate."""
        identity = next(iter(uris_of(certificate)), "")
        return cls(identity, f"{certificate.serial_number:x}", certificate.not_valid_before_utc, certificate.not_valid_after_utc)

    @classmethod
    def parse(cls, value: Mapping[str, str]) -> Self:
        """The reverse of `to_dict`. Raises: KeyError, ValueError, TypeError."""
        times = [datetime.fromisoformat(value[key]) for key in ("notBefore", "notAfter")]
        return cls(str(value["identity"]), str(value["serial"]), *times)

    def to_dict(self) -> dict[str, str]:
        """As it stands in the annotation."""
        times = {"notBefore": self.not_before.isoformat(), "notAfter": self.not_after.isoformat()}
        return {"identity": self.identity, "serial": self.serial, **times}


@dataclass(frozen=True, slots=True)
class Held:
    """What one workload has, as its agent reports it (`names.ANNOTATION_CERTIFICATE` on the pod)."""

    issuer: str
    """Fingerprint of the CA certificate that signed its leaf."""
    roots: frozenset[str]
    """Fingerprints of the roots that it trusts."""
    crl: str
    """Digest of its revocation lists, empty for none."""
    since: datetime
    """When it got the last of these."""
    leaf: "Leaf | None" = None
    """Its certificate; None where its agent is of a version that did not say."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What an annotation says; None where it says nothing that can be read."""
        try:
            value = json.loads(text)
            since, leaf = datetime.fromisoformat(value["since"]), value.get("leaf")
            crl, roots = str(value.get("crl", "")), frozenset(map(str, value["roots"]))
            return cls(str(value["issuer"]), roots, crl, since, Leaf.parse(leaf) if leaf else None)
        except (ValueError, TypeError, KeyError):
            return None

    def render(self) -> str:
        """As it stands in the annotation."""
        value: dict[str, object] = {"issuer": self.issuer, "roots": sorted(self.roots), "crl": self.crl, "since": self.since.isoformat()}
        if self.leaf is not None:
            value["leaf"] = self.leaf.to_dict()
        return json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Rotation:
    """What follows: the CA to use from now on, how far that is, and who is waited for."""

    ca: SigningCa
    step: Step
    waiting: tuple[str, ...] = ()
    """Names of the workloads that do not have yet what the next step needs, sorted."""
    look_again: timedelta | None = None
    """After which time to ask again though nothing else has changed."""


def plan_rotation(in_use: SigningCa, target: SigningCa, workloads: Mapping[str, Held | None], now: datetime) -> Rotation:
    """The next step from `in_use` to `target`. `workloads` is what each has, None for one that has not said yet."""
    if is_same(in_use, target):
        return Rotation(target, Step.DONE)
    combined = _combined(in_use, target, now)
    if in_use.path == target.path:
        signer = fingerprint(target.path[0])
        missing, again = _without(workloads, lambda held: held.issuer == signer, now)
        return Rotation(combined, Step.NEW_SIGNER, missing, again) if missing else Rotation(target, Step.DONE)
    roots, crl = frozenset(combined.bundle.fingerprints()), digest_of(crls_to_pem(combined.crls))
    missing, again = _without(workloads, lambda held: roots <= held.roots and held.crl == crl, now)
    # Where nothing can be issued any more there is nothing to wait for; else all must have been able to have what is combined.
    is_handed_out = _trust_of(in_use) == _trust_of(combined) and not missing
    if is_handed_out or not is_valid_at(in_use.path[0], now):
        ca = replace(combined, issuer=target.issuer, path=target.path)
        return Rotation(ca, Step.DONE if is_same(ca, target) else Step.NEW_SIGNER)
    return Rotation(combined, Step.COMBINED, missing, again)


def is_same(one: SigningCa, other: SigningCa) -> bool:
    """Whether two CAs sign and trust alike; keys are those of the certificates and are not looked at."""
    return (one.path, one.bundle, one.crls) == (other.path, other.bundle, other.crls)


def needs_new_root(root: x509.Certificate, now: datetime, *, share: float = 0.2) -> bool:
    """Whether less than `share` of a self-signed root's life is left (Istio: 20 %)."""
    life = root.not_valid_after_utc - root.not_valid_before_utc
    return root.not_valid_after_utc - now < life * share


def _combined(in_use: SigningCa, target: SigningCa, now: datetime) -> SigningCa:
    """Signed by what signs now, trusting both, with a revocation list for each issuer where any has one."""
    bundle = replace(in_use.bundle.union(target.bundle), trust_domain=target.bundle.trust_domain)
    return replace(in_use, bundle=bundle, crls=_lists(in_use, target, now))


def _lists(in_use: SigningCa, target: SigningCa, now: datetime) -> tuple[x509.CertificateRevocationList, ...]:
    if not (in_use.crls or target.crls):
        return ()
    good = [crl for crl in in_use.crls if not has_ended(crl, now)]
    # What the target has said itself counts; the former signers' lists stay as long as their leaves may be about.
    lists = [*target.crls, *(crl for crl in good if not any(is_list_of(crl, certificate) for certificate in target.path))]
    for ca in (target, in_use):
        signing = ca.path[0]
        if any(is_list_of(crl, signing) for crl in lists):
            continue
        if not may_sign_lists(signing):
            return ()  # better none than one that refuses every workload of this issuer
        made_before = [crl for crl in good if is_list_of(crl, signing)]
        lists.extend(made_before or [empty_crl(ca.issuer, now=now)])
    return tuple(lists)


def _trust_of(ca: SigningCa) -> tuple[frozenset[x509.Certificate], bytes]:
    return frozenset(ca.bundle.roots), crls_to_pem(ca.crls)


def _without(
    workloads: Mapping[str, Held | None], has_it: Callable[[Held], bool], now: datetime
) -> tuple[tuple[str, ...], timedelta | None]:
    """The workloads that lack something or have not settled, and when the first that has it will have."""
    missing = [name for name, held in workloads.items() if held is None or not has_it(held)]
    settling = {name: held.since + SETTLE for name, held in workloads.items() if held and name not in missing and held.since + SETTLE > now}
    again = max(min(settling.values()) - now, timedelta(milliseconds=50)) if settling else None
    return tuple(sorted((*missing, *settling))), again
