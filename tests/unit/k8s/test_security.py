from datetime import UTC, datetime

from hauberk.k8s.security import PEER_AUTHENTICATION

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


def test_the_table_of_the_walkthrough() -> None:
    policy = {"metadata": {"name": "default", "creationTimestamp": "2025-11-25T11:59:55Z"}, "spec": {"mtls": {"mode": "PERMISSIVE"}}}
    assert [(column.name, column.value(policy, NOW)) for column in PEER_AUTHENTICATION.columns] == [
        ("Name", "default"),
        ("Mode", "PERMISSIVE"),
        ("Age", "5s"),
    ]


def test_a_policy_without_a_mode_shows_none() -> None:
    assert PEER_AUTHENTICATION.columns[1].value({"spec": {}}, NOW) is None


def test_names_are_istios() -> None:
    kind = PEER_AUTHENTICATION
    assert (kind.short_names, kind.also_versions, kind.categories) == (("pa",), ("v1",), ("istio-io", "security-istio-io"))
