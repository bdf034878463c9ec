"""References."""

from hauberk.model.objects import ObjectRef


def test_a_reference_reads_as_kind_namespace_and_name() -> None:
    assert str(ObjectRef("PeerAuthentication", "istio-system", "default")) == "PeerAuthentication istio-system/default"
