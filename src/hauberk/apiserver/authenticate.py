"""Who asks: a client certificate of the API's own CA, or a bearer token. Never anonymous.

No I/O. The TLS layer has verified that a certificate is of our CA and in time; here its subject becomes a user.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest

from cryptography import x509
from cryptography.x509.oid import NameOID

from hauberk import names
from hauberk.apiserver.admission import Reader
from hauberk.apiserver.request import User
from hauberk.apiserver.status import ApiError, forbidden, unauthorized
from hauberk.apiserver.tokens import API_AUDIENCE, InvalidToken, TokenSigner, verify_token
from hauberk.k8s.kind import Kind

__all__ = ["AUTHENTICATED", "Authenticator", "user_of_certificate"]

AUTHENTICATED = "system:authenticated"
_USERS = Kind("", "v1", "User", "users", namespaced=False)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The proofs that are accepted. `static_tokens` maps a bearer token to its user, for local tools of the instance."""

    signer: TokenSigner
    static_tokens: Mapping[str, User] = field(default_factory=dict, repr=False)

    def authenticate(self, certificate: bytes | None, headers: Mapping[str, str], *, reader: Reader, now: datetime) -> User:
        """The user behind a request: `certificate` is the client's (DER), `headers` have lower-case names.

        A bearer token is looked at first, as it was added on purpose. Impersonation headers are honoured for masters.
        Raises: ApiError 401, 403.
        """
        authorization = headers.get("authorization", "")
        if authorization:
            user = self._of_token(authorization, reader=reader, now=now)
        elif certificate:
            user = user_of_certificate(certificate)
        else:
            raise unauthorized()
        return _impersonated(user, headers)

    def review(self, token: str, audiences: Sequence[str], *, reader: Reader, now: datetime) -> User:
        """The user of `token` for one of `audiences`.

        Raises: InvalidToken.
        """
        known = self._static(token)
        if known and API_AUDIENCE in audiences:
            return known
        return verify_token(self.signer, token, audiences, reader=reader, now=now)

    def _of_token(self, authorization: str, *, reader: Reader, now: datetime) -> User:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized()
        try:
            return self.review(token.strip(), [API_AUDIENCE], reader=reader, now=now)
        except InvalidToken as error:
            raise unauthorized() from error

    def _static(self, token: str) -> User | None:
        """Compares with every known token, so that the time taken tells nothing."""
        found = None
        for known, user in self.static_tokens.items():
            if compare_digest(known.encode(), token.encode()):
                found = user
        return found


@lru_cache(maxsize=256)
def user_of_certificate(der: bytes) -> User:
    """The subject of a client certificate: CN is the name, each O is a group.

    Raises: ApiError 401 where there is no CN.
    """
    subject = x509.load_der_x509_certificate(der).subject
    common_names = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if len(common_names) != 1:
        raise unauthorized()
    return User(common_names[0], (*groups, AUTHENTICATED))


def _impersonated(user: User, headers: Mapping[str, str]) -> User:
    """`kubectl --as`: for masters only. Several Impersonate-Group headers come joined by commas."""
    name = headers.get("impersonate-user", "")
    if not name:
        return user
    if names.GROUP_MASTERS not in user.groups:
        raise _may_not_impersonate(user, name)
    groups = [group.strip() for group in headers.get("impersonate-group", "").split(",") if group.strip()]
    if name.startswith("system:serviceaccount:") and not groups:
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{name.split(':')[2]}"]
    return User(name, (*groups, AUTHENTICATED))


def _may_not_impersonate(user: User, name: str) -> ApiError:
    why = f'User "{user.name}" cannot impersonate resource "users" in API group "" at the cluster scope'
    return forbidden(_USERS, name, why)
