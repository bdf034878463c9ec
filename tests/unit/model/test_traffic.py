"""Traffic objects."""

from hauberk.model.objects import ObjectRef
from hauberk.model.traffic import Gateway, VirtualService
from tests.unit.model.builders import make_rule


def test_traffic_objects_are_referred_to_by_kind_namespace_and_name() -> None:
    assert make_rule().ref == ObjectRef("DestinationRule", "bookinfo", "details")
    assert VirtualService("bookinfo", "v").ref == ObjectRef("VirtualService", "bookinfo", "v")
    assert Gateway("bookinfo", "g").ref == ObjectRef("Gateway", "bookinfo", "g")


def test_a_virtual_service_is_for_sidecars_where_it_says_nothing() -> None:
    assert VirtualService("bookinfo", "v").gateways == ("mesh",)


def test_a_gateway_is_named_with_its_namespace() -> None:
    assert Gateway("bookinfo", "g").key == "bookinfo/g"


def test_the_oldest_sorts_first() -> None:
    old, new = make_rule("z", age=1), make_rule("a")
    assert sorted([new, old], key=lambda rule: rule.age_order) == [old, new]
    assert VirtualService("n", "v").age_order < VirtualService("n", "w").age_order
    assert Gateway("n", "v").age_order < Gateway("n", "w").age_order
