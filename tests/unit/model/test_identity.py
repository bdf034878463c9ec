"""Trust domains and SPIFFE IDs: what the standard allows, what it refuses, and that spelling and parsing are inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.errors import ConfigError
from hauberk.model.identity import IdentityError, SpiffeId, TrustDomain

DOMAIN_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
SEGMENT_CHARACTERS = DOMAIN_CHARACTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

domains = st.text(DOMAIN_CHARACTERS, min_size=1, max_size=255).map(TrustDomain)
segments = st.text(SEGMENT_CHARACTERS, min_size=1, max_size=60).filter(lambda segment: segment not in {".", ".."})
ids = st.builds(SpiffeId, domains, st.lists(segments, max_size=8).map(tuple))


@given(ids)
def test_parsing_what_an_id_spells_gives_the_id(spiffe_id: SpiffeId) -> None:
    assert SpiffeId.parse(str(spiffe_id)) == spiffe_id


@given(st.text(max_size=300) | st.text("spiffe:/ab.?#%@", max_size=40).map(lambda text: "spiffe://" + text))
def test_any_text_is_parsed_or_refused_by_name(text: str) -> None:
    try:
        spiffe_id = SpiffeId.parse(text)
    except IdentityError:
        return
    assert str(spiffe_id) == text


@given(domains, segments, segments)
def test_a_workload_has_namespace_and_account(domain: TrustDomain, namespace: str, account: str) -> None:
    spiffe_id = SpiffeId.for_workload(domain, namespace, account)
    assert str(spiffe_id) == f"spiffe://{domain}/ns/{namespace}/sa/{account}"
    assert (spiffe_id.trust_domain, spiffe_id.namespace, spiffe_id.service_account) == (domain, namespace, account)


def test_an_id_of_another_form_has_no_namespace() -> None:
    spiffe_id = SpiffeId.parse("spiffe://example.org/billing/payments")
    assert (spiffe_id.path, spiffe_id.namespace, spiffe_id.service_account) == (("billing", "payments"), None, None)


def test_a_trust_domain_has_an_id_without_path() -> None:
    assert TrustDomain("cluster.local").id == SpiffeId.parse("spiffe://cluster.local")
    assert str(TrustDomain("cluster.local").id) == "spiffe://cluster.local"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not start with spiffe://. Write spiffe://<trust domain>/<path>."),
        ("https://example.org/a", "does not start with spiffe://"),
        ("SPIFFE://example.org/a", "does not start with spiffe://"),
        ("spiffe://", "The trust domain is empty"),
        ("spiffe:///path", "The trust domain is empty"),
        ("spiffe://example.org/", "has an empty segment"),
        ("spiffe://example.org/a/", "none at the end"),
        ("spiffe://example.org//a", "has an empty segment"),
        ("spiffe://example.org/a/./b", 'has the segment "."'),
        ("spiffe://example.org/../b", 'has the segment ".."'),
        ("spiffe://example.org/a?b=c", "has a query"),
        ("spiffe://example.org/a#b", "has a fragment"),
        ("spiffe://example.org:8080/a", "no port, user or percent sign"),
        ("spiffe://user@example.org/a", "no port, user or percent sign"),
        ("spiffe://Example.org/a", 'has capitals. Write "example.org"'),
        ("spiffe://example.org/a%20b", "may hold only letters, digits, dot, dash and underscore"),
        ("spiffe://example.org/ä", "may hold only letters"),
        ("spiffe://example.org/a\n", "may hold only letters"),
        ("spiffe://" + "a" * 256, "256 characters. Use at most 255"),
        ("spiffe://a/" + "b" * 2038, "2049 bytes. Use at most 2048"),
    ],
)
def test_what_the_standard_forbids_is_refused_with_the_mend(text: str, said: str) -> None:
    with pytest.raises(IdentityError) as refused:
        SpiffeId.parse(text)
    assert said in str(refused.value)
    assert isinstance(refused.value, ConfigError)


def test_the_longest_id_is_taken() -> None:
    assert len(str(SpiffeId.parse("spiffe://a/" + "b" * 2037))) == 2048
    assert TrustDomain("a" * 255).name == "a" * 255


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("spiffe://cluster.local", "is a whole SPIFFE ID"),
        ("cluster.local/ns", "only a to z"),
        ("cluster local", "only a to z"),
        ("Cluster.Local", 'Write "cluster.local"'),
    ],
)
def test_a_trust_domain_is_a_bare_name(name: str, said: str) -> None:
    with pytest.raises(IdentityError, match=said):
        TrustDomain(name)
