from hauberk.model.objects import ObjectRef
from hauberk.model.routing import MESH_GATEWAY, VirtualService


def test_a_virtual_service_is_for_sidecars_where_it_names_no_gateway() -> None:
    rule = VirtualService("bookinfo", "v")
    assert (rule.ref, rule.gateways) == (ObjectRef("VirtualService", "bookinfo", "v"), (MESH_GATEWAY,))
