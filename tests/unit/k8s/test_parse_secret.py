import base64

import pytest

from hauberk.k8s.parse_secret import parse_tls_credential
from hauberk.model.secret import TlsCredential

CERTIFICATE, KEY, ROOTS = (f"-----BEGIN {what}-----" for what in ("CERTIFICATE", "EC PRIVATE KEY", "CERTIFICATE"))


def parse(**content: str) -> TlsCredential | None:
    data = {name.replace("_", "."): base64.b64encode(value.encode()).decode() for name, value in content.items()}
    return parse_tls_credential({"kind": "Secret", "metadata": {"name": "c", "namespace": "n"}, "data": data})


@pytest.mark.parametrize(
    "content",
    [{"tls_crt": CERTIFICATE, "tls_key": KEY, "ca_crt": ROOTS}, {"cert": CERTIFICATE, "key": KEY, "cacert": ROOTS}],
)
def test_both_spellings_are_read(content: dict[str, str]) -> None:
    assert parse(**content) == TlsCredential("n", "c", CERTIFICATE.encode(), KEY.encode(), ROOTS.encode())


@pytest.mark.parametrize("content", [{}, {"tls_crt": CERTIFICATE}, {"tls_crt": "no PEM", "tls_key": "either"}, {"ca-key.pem": KEY}])
def test_what_holds_no_usable_certificate_is_none(content: dict[str, str]) -> None:
    assert parse(**content) is None


def test_what_is_not_base64_counts_as_not_there() -> None:
    assert parse_tls_credential({"kind": "Secret", "metadata": {"name": "c"}, "data": {"tls.crt": "?"}}) is None
