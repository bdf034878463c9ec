"""ServiceMeshControlPlane and ServiceMeshMemberRoll -> MeshSettings, Namespace -> NamespaceOptions."""

from hauberk import names
from hauberk.k8s.fields import mapping, strings, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import InboundProtocol, MeshSettings, NamespaceOptions, OutboundPolicy
from hauberk.model.tls import CIPHER_SUITES, CURVES, MESH_MTLS_VERSIONS, POST_QUANTUM_POLICY, MeshTls, TlsVersion

__all__ = ["parse_mesh_settings", "parse_namespace"]


def parse_mesh_settings(smcp: Manifest, smmr: Manifest | None = None) -> MeshSettings:
    """The settings of a mesh; members are those that the roll's status calls configured.

    A roll without status (files, or not reconciled yet) counts by its spec. Raises: ConfigError.
    """
    spec = mapping(smcp, "spec")
    security = mapping(spec, "security")
    proxy = mapping(spec, "proxy")
    annotations = text_map(smcp, "metadata", "annotations")
    policy = text(mapping(proxy, "networking", "trafficControl", "outbound"), "policy", OutboundPolicy.ALLOW_ANY)
    return MeshSettings(
        root_namespace=namespace_of(smcp),
        name=name_of(smcp),
        trust_domain=TrustDomain(text(mapping(security, "trust"), "domain") or names.DEFAULT_TRUST_DOMAIN),
        trust_domain_aliases=tuple(TrustDomain(name) for name in strings(mapping(security, "trust"), "additionalDomains")),
        auto_mtls=mapping(security, "dataPlane").get("automtls") is not False,
        outbound_policy=OutboundPolicy.REGISTRY_ONLY if policy == OutboundPolicy.REGISTRY_ONLY else OutboundPolicy.ALLOW_ANY,
        auto_inject=bool(mapping(proxy, "injection").get("autoInject")),
        inbound=InboundProtocol.parse(annotations.get(names.INBOUND, "")) or InboundProtocol.AUTO,
        members=_members(smmr or {}),
        tls=_tls(
            mapping(security, "controlPlane", "tls"),
            mapping(spec, "techPreview", "meshConfig", "meshMTLS"),
            annotations.get(names.COMPLIANCE_POLICY),
        ),
        cluster_wide=text(spec, "mode") == "ClusterWide" or text(mapping(spec, "techPreview"), "controlPlaneMode") == "ClusterScoped",
    )


def _tls(tls: Manifest, mesh: Manifest, compliance: str | None) -> MeshTls:
    """`controlPlane.tls`, and where it says nothing `meshConfig.meshMTLS`, whose names are Envoy's.

    Validation has refused what it does not know; of an object from before that, the same counts as not said.
    """
    own_suites = tuple(suite for suite in strings(tls, "cipherSuites") if suite in CIPHER_SUITES)
    own_curves = tuple(curve for curve in strings(tls, "ecdhCurves") if curve in CURVES)
    mesh_version = MESH_MTLS_VERSIONS.get(text(mesh, "minProtocolVersion"), TlsVersion.AUTO)
    own_version = _version(tls, "minProtocolVersion")
    return MeshTls(
        min_version=mesh_version if own_version is TlsVersion.AUTO else own_version,
        max_version=_version(tls, "maxProtocolVersion"),
        cipher_suites=own_suites or tuple(suite for suite, envoys in CIPHER_SUITES.items() if envoys in strings(mesh, "cipherSuites")),
        ecdh_curves=own_curves or tuple(curve for curve, envoys in CURVES.items() if envoys in strings(mesh, "ecdhCurves")),
        post_quantum=(compliance or "").strip().lower() == POST_QUANTUM_POLICY,
    )


def _version(tls: Manifest, key: str) -> TlsVersion:
    said = text(tls, key)
    return TlsVersion(said) if said in set(TlsVersion) else TlsVersion.AUTO


def _members(smmr: Manifest) -> frozenset[str]:
    status = mapping(smmr, "status")
    if "configuredMembers" in status:
        return frozenset(strings(status, "configuredMembers"))
    return frozenset(strings(mapping(smmr, "spec"), "members")) - {"*"}


def parse_namespace(manifest: Manifest) -> NamespaceOptions | None:
    """What a Namespace says about its workloads; None where it says nothing."""
    annotations, labels = text_map(manifest, "metadata", "annotations"), text_map(manifest, "metadata", "labels")
    inbound = InboundProtocol.parse(annotations.get(names.INBOUND) or labels.get(names.INBOUND, ""))
    return NamespaceOptions(name_of(manifest), inbound) if inbound is not None else None
