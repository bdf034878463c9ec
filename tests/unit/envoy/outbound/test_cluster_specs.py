"""What clusters are to be."""

from dataclasses import replace

from hauberk.envoy.outbound.cluster_specs import ClusterSpec, cluster_name, cluster_specs, sni_of
from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import ClientTls, Subset, TlsMode, TrafficPolicy
from hauberk.view.changes import ModelObject
from tests.unit.model.builders import make_policy, make_rule, make_service, make_settings, make_slice, make_workload
from tests.unit.view.builders import DETAILS, bookinfo_objects, make_view

IDENTITY = "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details"


def specs(*objects: ModelObject, settings: MeshSettings | None = None, client: str = "bookinfo") -> list[ClusterSpec]:
    view = make_view(*bookinfo_objects(), *objects, settings=settings)
    return cluster_specs(view, client, view.services[DETAILS])


def test_names_are_istios() -> None:
    assert cluster_name(9080, "v1", DETAILS) == f"outbound|9080|v1|{DETAILS}"
    assert sni_of(9080, "", DETAILS) == f"outbound_.9080_._.{DETAILS}"


def test_without_a_rule_auto_mtls_decides() -> None:
    (spec,) = specs()
    assert spec == ClusterSpec(
        hostname=DETAILS,
        namespace="bookinfo",
        service="details",
        port=9080,
        subset="",
        http=True,
        http2=False,
        original_destination=False,
        auto_mtls=True,
        tls=None,
        identities=(IDENTITY,),
        trust_domain="cluster.local",
        os_ca_bundle="/etc/ssl/certs/ca-certificates.crt",
    )
    assert spec.name == f"outbound|9080||{DETAILS}"
    assert spec.sni == f"outbound_.9080_._.{DETAILS}"


def test_switching_the_mesh_to_strict_changes_no_cluster() -> None:
    assert specs(make_policy(mode=MtlsMode.STRICT)) == specs() == specs(make_policy(mode=MtlsMode.PERMISSIVE))


def test_auto_mtls_may_be_off_for_mesh_or_namespace() -> None:
    assert not specs(settings=make_settings("bookinfo", auto_mtls=False))[0].auto_mtls
    assert not specs(make_policy("n", "bookinfo", MtlsMode.DISABLE))[0].auto_mtls


def test_a_rule_adds_its_subsets_and_each_has_its_settings() -> None:
    rule = make_rule(mode=TlsMode.ISTIO_MUTUAL, subsets=(Subset("v1"), Subset("v2", policy=TrafficPolicy(ClientTls(TlsMode.DISABLE)))))
    found = [(spec.name, spec.tls.mode if spec.tls else None, spec.sni) for spec in specs(rule)]
    assert found == [
        (f"outbound|9080||{DETAILS}", TlsMode.ISTIO_MUTUAL, f"outbound_.9080_._.{DETAILS}"),
        (f"outbound|9080|v1|{DETAILS}", TlsMode.ISTIO_MUTUAL, f"outbound_.9080_.v1_.{DETAILS}"),
        (f"outbound|9080|v2|{DETAILS}", TlsMode.DISABLE, f"outbound_.9080_.v2_.{DETAILS}"),
    ]


def test_a_rules_names_replace_the_identities_and_the_sni() -> None:
    tls = ClientTls(TlsMode.ISTIO_MUTUAL, subject_alt_names=("spiffe://x/y",), sni="other")
    (spec,) = specs(make_rule(policy=TrafficPolicy(tls)))
    assert (spec.identities, spec.sni) == (("spiffe://x/y",), "other")


def test_headless_tcp_goes_where_the_client_said() -> None:
    headless, pod = make_service("db", "bookinfo", ("tcp", 3306, 3306), vip=""), make_workload("db-0")
    view = make_view(headless, pod, make_slice("db", pod, ports={"tcp": 3306}))
    (spec,) = cluster_specs(view, "bookinfo", headless)
    assert (spec.original_destination, spec.auto_mtls, spec.http) == (True, True, False)


def test_a_server_may_still_have_its_identity_in_another_trust_domain() -> None:
    (spec,) = specs(settings=replace(make_settings("bookinfo"), trust_domain_aliases=(TrustDomain("old.local"),)))
    assert spec.identities == (IDENTITY, "spiffe://old.local/ns/bookinfo/sa/bookinfo-details")
    assert spec.trust_domains == ("cluster.local", "old.local")
