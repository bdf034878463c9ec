from hauberk.model.objects import ObjectRef
from hauberk.model.secret import TlsCredential

CREDENTIAL = TlsCredential("n", "c", b"certificate", b"the key", b"roots")


def test_nothing_of_it_shows_where_it_is_printed() -> None:
    assert repr(CREDENTIAL) == "TlsCredential(namespace='n', name='c')"


def test_it_serves_with_certificate_and_key() -> None:
    assert (CREDENTIAL.ref, CREDENTIAL.serves) == (ObjectRef("Secret", "n", "c"), True)
    assert not TlsCredential("n", "c", authorities=b"roots").serves
