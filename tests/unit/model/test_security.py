"""PeerAuthentication values."""

from hauberk.model.objects import ObjectRef
from tests.unit.model.builders import make_policy


def test_the_oldest_policy_sorts_first_and_names_break_ties() -> None:
    older, b, a = make_policy("z", age=2), make_policy("b", age=1), make_policy("a", age=1)
    assert sorted([b, a, older], key=lambda policy: policy.age_order) == [older, a, b]


def test_a_policy_is_referred_to_by_kind_namespace_and_name() -> None:
    assert make_policy().ref == ObjectRef("PeerAuthentication", "istio-system", "default")
