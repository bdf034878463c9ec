"""ServiceAccount tokens: signed claims about an account, maybe bound to a pod.

No I/O beyond arithmetic; the key and the time are passed in. Source: kubernetes/pkg/serviceaccount/{claims,jwt}.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from jwt.types import Options

from hauberk import names
from hauberk.apiserver.admission import Reader
from hauberk.apiserver.request import User
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest

__all__ = ["API_AUDIENCE", "BoundObject", "InvalidToken", "TokenRequest", "TokenSigner", "issue_token", "verify_token"]

API_AUDIENCE = f"https://kubernetes.default.svc.{names.CLUSTER_DOMAIN}"
_ISSUER = API_AUDIENCE
_CLAIMS = "kubernetes.io"
_AUTHENTICATED = "system:authenticated"


class InvalidToken(Exception):
    """The token is not to be trusted; the message does not hold it."""


@dataclass(frozen=True, slots=True)
class BoundObject:
    """The pod that a token lives and dies with."""

    name: str
    uid: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """The key that signs and verifies tokens (ECDSA P-256)."""

    key: EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token is to say. `account` is the ServiceAccount object; `token_id` is a fresh uuid."""

    account: Manifest
    audiences: Sequence[str]
    ttl: timedelta
    token_id: str
    pod: BoundObject | None = None


def issue_token(signer: TokenSigner, request: TokenRequest, *, now: datetime) -> str:
    """A JWT for `request`, valid from `now`."""
    metadata = request.account["metadata"]
    bound: dict[str, Any] = {
        "namespace": metadata["namespace"],
        "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
    }
    if request.pod:
        bound["pod"] = {"name": request.pod.name, "uid": request.pod.uid}
        if request.pod.node:
            bound["node"] = {"name": request.pod.node}
    claims = {
        "aud": list(request.audiences),
        "exp": int((now + request.ttl).timestamp()),
        "iat": int(now.timestamp()),
        "iss": _ISSUER,
        "jti": request.token_id,
        _CLAIMS: bound,
        "nbf": int(now.timestamp()),
        "sub": f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}",
    }
    return jwt.encode(claims, signer.key, algorithm="ES256")


def verify_token(signer: TokenSigner, token: str, audiences: Sequence[str], *, reader: Reader, now: datetime) -> User:
    """Who `token` speaks for: it is ours, in time, for one of `audiences`, and its account (and pod) still exist.

    Raises: InvalidToken.
    """
    try:
        # time is checked below against `now`: the library would read the clock itself
        options: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        claims = jwt.decode(token, signer.key.public_key(), algorithms=["ES256"], issuer=_ISSUER, options=options)
        meant, bound, subject = claims["aud"], claims[_CLAIMS], str(claims["sub"])
        in_time = claims["nbf"] <= now.timestamp() < claims["exp"]
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise InvalidToken("invalid bearer token") from error
    if not in_time:
        raise InvalidToken("invalid bearer token, token has expired or is not valid yet")
    if not set(meant) & set(audiences):
        raise InvalidToken(
            f"[invalid bearer token, token audiences {_listed(meant)} is invalid for the target audiences {_listed(audiences)}]"
        )
    _check_alive(bound, reader)
    namespace, account = bound["namespace"], bound["serviceaccount"]
    return User(
        subject,
        ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED),
        account["uid"],
        _extra(str(claims["jti"]), bound),
    )


def _check_alive(bound: Manifest, reader: Reader) -> None:
    namespace, account, pod = bound["namespace"], bound["serviceaccount"], bound.get("pod")
    if not _is_there(reader.get(core.SERVICE_ACCOUNT, namespace, account["name"]), account["uid"]):
        raise InvalidToken("invalid bearer token, the service account has been deleted")
    if pod and not _is_there(reader.get(core.POD, namespace, pod["name"]), pod["uid"]):
        raise InvalidToken("invalid bearer token, the pod it is bound to has been deleted")


def _is_there(obj: Manifest | None, uid: str) -> bool:
    return obj is not None and obj["metadata"]["uid"] == uid


def _extra(token_id: str, bound: Manifest) -> dict[str, list[str]]:
    extra = {"authentication.kubernetes.io/credential-id": [f"JTI={token_id}"]}
    if "pod" in bound:
        extra["authentication.kubernetes.io/pod-name"] = [bound["pod"]["name"]]
        extra["authentication.kubernetes.io/pod-uid"] = [bound["pod"]["uid"]]
    if "node" in bound:
        extra["authentication.kubernetes.io/node-name"] = [bound["node"]["name"]]
    return extra


def _listed(words: Sequence[str]) -> str:
    return "[" + " ".join(f'"{word}"' for word in words) + "]"
