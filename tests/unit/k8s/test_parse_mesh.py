"""Control planes and member rolls."""

from typing import Any

import pytest

from hauberk import names
from hauberk.errors import ConfigError
from hauberk.k8s.parse_mesh import parse_mesh_settings, parse_namespace
from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import InboundProtocol, MeshSettings, NamespaceOptions, OutboundPolicy
from hauberk.model.tls import MeshTls, TlsVersion


def parse(spec: dict[str, Any] | None = None, smmr: dict[str, Any] | None = None) -> MeshSettings:
    return parse_mesh_settings({"metadata": {"name": "basic", "namespace": "istio-system"}, "spec": spec}, smmr)


def test_an_empty_control_plane_is_istios_default() -> None:
    assert parse() == MeshSettings("istio-system", "basic")


def test_every_setting() -> None:
    settings = parse(
        {
            "security": {
                "trust": {"domain": "td.example", "additionalDomains": ["old.example"]},
                "dataPlane": {"automtls": False, "mtls": True},
                "controlPlane": {
                    "tls": {
                        "minProtocolVersion": "TLSv1_3",
                        "maxProtocolVersion": "TLS_AUTO",
                        "cipherSuites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "NONE"],
                        "ecdhCurves": ["CurveP384", "NONE"],
                    }
                },
            },
            "proxy": {"injection": {"autoInject": True}, "networking": {"trafficControl": {"outbound": {"policy": "REGISTRY_ONLY"}}}},
        }
    )
    assert settings == MeshSettings(
        "istio-system",
        "basic",
        trust_domain=TrustDomain("td.example"),
        auto_mtls=False,
        outbound_policy=OutboundPolicy.REGISTRY_ONLY,
        auto_inject=True,
        trust_domain_aliases=(TrustDomain("old.example"),),
        tls=MeshTls(TlsVersion.V1_3, cipher_suites=("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",), ecdh_curves=("CurveP384",)),
    )


@pytest.mark.parametrize(
    ("spec", "wide"),
    [({"mode": "ClusterWide"}, True), ({"techPreview": {"controlPlaneMode": "ClusterScoped"}}, True), ({"mode": "MultiTenant"}, False)],
)
def test_who_sees_every_namespace(spec: dict[str, Any], wide: bool) -> None:
    assert parse(spec).cluster_wide is wide


@pytest.mark.parametrize(
    ("smmr", "members"),
    [
        (None, set()),
        ({"spec": {"members": ["a", "b"]}}, {"a", "b"}),
        ({"spec": {"members": ["a", "*"]}}, {"a"}),
        ({"spec": {"members": ["a", "b"]}, "status": {"configuredMembers": ["a"]}}, {"a"}),
        ({"spec": {"members": ["a"]}, "status": {"configuredMembers": []}}, set()),
        ({"spec": {"members": None}, "status": {"configuredMembers": None}}, set()),
    ],
)
def test_members_are_those_that_are_configured(smmr: dict[str, Any] | None, members: set[str]) -> None:
    assert parse(smmr=smmr).members == members


def test_a_bad_trust_domain_is_refused() -> None:
    with pytest.raises(ConfigError, match="Trust domain"):
        parse({"security": {"trust": {"domain": "spiffe://x"}}})


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, None),
        ({"labels": {names.INBOUND: "http"}}, InboundProtocol.HTTP),
        ({"labels": {names.INBOUND: "http"}, "annotations": {names.INBOUND: "tcp"}}, InboundProtocol.TCP),
        ({"annotations": {names.INBOUND: "udp"}}, None),
    ],
)
def test_a_namespace_chooses_how_what_comes_in_is_read(metadata: dict[str, Any], said: InboundProtocol | None) -> None:
    options = parse_namespace({"kind": "Namespace", "metadata": {"name": "a", **metadata}})
    assert options == (NamespaceOptions("a", said) if said else None)


def test_the_compliance_policy_is_an_annotation() -> None:
    settings = parse_mesh_settings({"metadata": {"name": "m", "namespace": "n", "annotations": {names.COMPLIANCE_POLICY: "pqc"}}})
    assert settings.tls == MeshTls(post_quantum=True)


def test_mesh_mtls_counts_where_the_control_planes_tls_says_nothing() -> None:
    mesh = {"minProtocolVersion": "TLSV1_3", "cipherSuites": ["ECDHE-ECDSA-AES128-GCM-SHA256"], "ecdhCurves": ["X25519", "P-256"]}
    spec = {"techPreview": {"meshConfig": {"meshMTLS": mesh}}}
    manifest: dict[str, Any] = {"metadata": {"name": "m", "namespace": "n"}, "spec": spec}
    suites = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",)
    assert parse_mesh_settings(manifest).tls == MeshTls(TlsVersion.V1_3, cipher_suites=suites, ecdh_curves=("CurveP256", "X25519"))
    spec["security"] = {"controlPlane": {"tls": {"minProtocolVersion": "TLSv1_2", "ecdhCurves": ["CurveP256"]}}}
    assert parse_mesh_settings(manifest).tls == MeshTls(TlsVersion.V1_2, cipher_suites=suites, ecdh_curves=("CurveP256",))
