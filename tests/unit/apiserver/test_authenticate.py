from collections.abc import Mapping
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk import names
from hauberk.apiserver.authenticate import Authenticator, user_of_certificate
from hauberk.apiserver.credentials import Client, issue_client, make_ca, new_key
from hauberk.apiserver.request import User
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.tokens import API_AUDIENCE, InvalidToken, TokenRequest, issue_token
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import NOW, SIGNER, FixedReader

ACCOUNT: Manifest = {"kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "a", "uid": "sa-1"}}
READER = FixedReader(ACCOUNT)
TOOL = User("tool", (names.GROUP_MASTERS, "system:authenticated"))
AUTHENTICATOR = Authenticator(SIGNER, {"s3cret": TOOL})
CA = make_ca(new_key(), now=NOW)


def certificate(name: str, group: str = "") -> bytes:
    return issue_client(CA, new_key(), Client("x", name, group), now=NOW).certificate.public_bytes(Encoding.DER)


def who(headers: Mapping[str, str], der: bytes | None = None) -> User:
    return AUTHENTICATOR.authenticate(der, headers, reader=READER, now=NOW)


def bearer(audience: str = API_AUDIENCE) -> str:
    return issue_token(SIGNER, TokenRequest(ACCOUNT, [audience], timedelta(hours=1), "id"), now=NOW)


def test_a_certificate_names_the_user_and_the_groups() -> None:
    assert user_of_certificate(certificate("system:node:local", names.GROUP_NODES)) == User(
        "system:node:local", (names.GROUP_NODES, "system:authenticated")
    )
    assert who({}, certificate("admin", names.GROUP_MASTERS)).name == "admin"


def test_tokens_are_static_ones_and_those_of_accounts() -> None:
    assert who({"authorization": "Bearer s3cret"}) == TOOL
    assert who({"authorization": f"bearer {bearer()}"}).name == "system:serviceaccount:a:web"


def test_a_token_counts_more_than_a_certificate() -> None:
    assert who({"authorization": "Bearer s3cret"}, certificate("other")).name == "tool"


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic czNjcmV0", f"Bearer {bearer('istio-ca')}"])
def test_nobody_is_anonymous(authorization: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        who({"authorization": authorization} if authorization else {})
    assert (caught.value.code, str(caught.value)) == (401, "Unauthorized")


def test_a_wrong_token_is_refused_even_with_a_good_certificate() -> None:
    with pytest.raises(ApiError, match="Unauthorized"):
        who({"authorization": "Bearer wrong"}, certificate("admin", names.GROUP_MASTERS))


def test_masters_may_act_as_others() -> None:
    admin = certificate("admin", names.GROUP_MASTERS)
    assert who({"impersonate-user": "bob", "impersonate-group": "g, h"}, admin) == User("bob", ("g", "h", "system:authenticated"))
    account = who({"impersonate-user": "system:serviceaccount:a:web"}, admin)
    assert account.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")


def test_others_may_not() -> None:
    with pytest.raises(ApiError) as caught:
        who({"impersonate-user": "admin"}, certificate("bob"))
    assert caught.value.code == 403
    assert str(caught.value).startswith('users "admin" is forbidden: User "bob" cannot impersonate')


def test_reviews_look_at_tokens_for_any_audience() -> None:
    assert AUTHENTICATOR.review(bearer("istio-ca"), ["istio-ca"], reader=READER, now=NOW).name == "system:serviceaccount:a:web"
    with pytest.raises(InvalidToken):
        AUTHENTICATOR.review("s3cret", ["istio-ca"], reader=READER, now=NOW)


def test_no_secret_is_in_the_text_of_the_authenticator() -> None:
    assert "s3cret" not in repr(AUTHENTICATOR)
