"""Mesh settings."""

from dataclasses import replace

from hauberk.model.identity import TrustDomain
from hauberk.model.objects import ObjectRef
from tests.unit.model.builders import make_settings


def test_a_mesh_sees_its_members_and_its_root_namespace() -> None:
    settings = make_settings("bookinfo")
    assert [settings.sees(namespace) for namespace in ("bookinfo", "istio-system", "outside")] == [True, True, False]


def test_a_mesh_is_its_control_plane() -> None:
    assert make_settings().ref == ObjectRef("ServiceMeshControlPlane", "istio-system", "basic")


def test_a_cluster_wide_mesh_sees_everything() -> None:
    assert replace(make_settings(), cluster_wide=True).sees("outside")


def test_the_trust_domains_are_its_own_and_the_aliases() -> None:
    domains = replace(make_settings(), trust_domain_aliases=(TrustDomain("old.local"),)).trust_domains
    assert [str(domain) for domain in domains] == ["cluster.local", "old.local"]
