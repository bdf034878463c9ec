from datetime import timedelta

import jwt
import pytest

from hauberk.apiserver.credentials import new_key
from hauberk.apiserver.tokens import API_AUDIENCE, BoundObject, InvalidToken, TokenRequest, TokenSigner, issue_token, verify_token
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import NOW, SIGNER, FixedReader

ACCOUNT: Manifest = {"kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "a", "uid": "sa-1"}}
POD: Manifest = {"kind": "Pod", "metadata": {"name": "p", "namespace": "a", "uid": "pod-1"}}
READER = FixedReader(ACCOUNT, POD)
HOUR = timedelta(hours=1)


def token(*, audience: str = API_AUDIENCE, pod: BoundObject | None = None, signer: TokenSigner = SIGNER) -> str:
    return issue_token(signer, TokenRequest(ACCOUNT, [audience], HOUR, "id-1", pod), now=NOW)


def test_a_token_says_what_upstreams_says() -> None:
    claims = jwt.decode(token(pod=BoundObject("p", "pod-1", "local")), options={"verify_signature": False})
    assert claims == {
        "aud": [API_AUDIENCE],
        "exp": int((NOW + HOUR).timestamp()),
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "iss": "https://kubernetes.default.svc.cluster.local",
        "jti": "id-1",
        "kubernetes.io": {
            "namespace": "a",
            "serviceaccount": {"name": "web", "uid": "sa-1"},
            "pod": {"name": "p", "uid": "pod-1"},
            "node": {"name": "local"},
        },
        "sub": "system:serviceaccount:a:web",
    }


def test_a_good_token_is_its_account() -> None:
    user = verify_token(SIGNER, token(pod=BoundObject("p", "pod-1")), [API_AUDIENCE], reader=READER, now=NOW)
    assert (user.name, user.uid) == ("system:serviceaccount:a:web", "sa-1")
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")
    assert user.extra["authentication.kubernetes.io/pod-name"] == ["p"]


@pytest.mark.parametrize("late", [HOUR, HOUR * 2, -timedelta(seconds=1)])
def test_a_token_is_good_in_its_time_only(late: timedelta) -> None:
    with pytest.raises(InvalidToken):
        verify_token(SIGNER, token(), [API_AUDIENCE], reader=READER, now=NOW + late)
    verify_token(SIGNER, token(), [API_AUDIENCE], reader=READER, now=NOW + HOUR - timedelta(seconds=1))


def test_a_token_for_somebody_else_is_refused_by_name() -> None:
    with pytest.raises(InvalidToken) as caught:
        verify_token(SIGNER, token(), ["istio-ca"], reader=READER, now=NOW)
    expected = f'token audiences ["{API_AUDIENCE}"] is invalid for the target audiences ["istio-ca"]'
    assert str(caught.value) == f"[invalid bearer token, {expected}]"


@pytest.mark.parametrize("bad", ["bad", "", "a.b.c", token(signer=TokenSigner(new_key())), jwt.encode({"sub": "x"}, "k" * 32)])
def test_what_we_did_not_sign_is_no_token(bad: str) -> None:
    with pytest.raises(InvalidToken, match=r"^invalid bearer token$"):
        verify_token(SIGNER, bad, [API_AUDIENCE], reader=READER, now=NOW)


def test_an_unsigned_token_is_no_token() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    with pytest.raises(InvalidToken):
        verify_token(SIGNER, jwt.encode(claims, None, algorithm="none"), [API_AUDIENCE], reader=READER, now=NOW)


@pytest.mark.parametrize(
    "reader",
    [
        FixedReader(POD),
        FixedReader({**ACCOUNT, "metadata": ACCOUNT["metadata"] | {"uid": "sa-2"}}, POD),
        FixedReader(ACCOUNT),
        FixedReader(ACCOUNT, {**POD, "metadata": POD["metadata"] | {"uid": "pod-2"}}),
    ],
)
def test_a_token_dies_with_its_account_and_its_pod(reader: FixedReader) -> None:
    with pytest.raises(InvalidToken, match="has been deleted"):
        verify_token(SIGNER, token(pod=BoundObject("p", "pod-1")), [API_AUDIENCE], reader=reader, now=NOW)


def test_the_key_is_not_in_the_text_of_the_signer() -> None:
    assert repr(SIGNER) == "TokenSigner()"
