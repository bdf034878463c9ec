import pytest

from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from tests.unit.k8s.builders import errors, load, warnings


def plane(spec: str) -> str:
    return f"{{kind: ServiceMeshControlPlane, spec: {spec}}}"


@pytest.mark.parametrize(
    "spec",
    [
        "{}",
        "{version: v2.1}",
        "{version: v2.1, security: {dataPlane: {mtls: true}}}",
        "{version: v2.4, mode: MultiTenant, profiles: [default, small]}",
        "{mode: ClusterWide}",
        "{security: {certificateAuthority: {type: Istiod, istiod: {type: PrivateKey, privateKey: {rootCADir: /etc/cacerts}}}}}",
        "{security: {trust: {domain: red-mesh.local}, identity: {type: Kubernetes}, manageNetworkPolicy: false}}",
        "{security: {controlPlane: {mtls: true, certProvider: Istiod}, identity: {type: ThirdParty}, manageNetworkPolicy: true}}",
        "{security: {trust: {domain: red-mesh.local, additionalDomains: [cluster.local]}}}",
    ],
)
def test_what_the_documentation_shows(spec: str) -> None:
    assert (errors(SERVICE_MESH_CONTROL_PLANE, plane(spec)), warnings(SERVICE_MESH_CONTROL_PLANE, plane(spec))) == ([], [])


def test_version_and_profile_are_filled_in_as_the_webhook_does() -> None:
    empty, given = load("{}"), load("{spec: {version: v2.1, profiles: [small]}}")
    SERVICE_MESH_CONTROL_PLANE.complete(empty)
    SERVICE_MESH_CONTROL_PLANE.complete(given)
    assert (empty["spec"], given["spec"]) == ({"version": "v2.5", "profiles": ["default"]}, {"version": "v2.1", "profiles": ["small"]})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{version: v1.0}", [("spec.version", "support for v1.0 has been dropped")]),
        (
            "{version: v3}",
            [("spec.version", "invalid Version specified; supported versions are: [v2.0 v2.1 v2.2 v2.3 v2.4 v2.5]")],
        ),
        (
            "{version: v2.3, mode: MultiTenant}",
            [("spec.mode", "the spec.mode field is only supported in version 2.4 and above")],
        ),
        ("{mode: Wide}", [("spec.mode", 'Unsupported value: "Wide": supported values: "MultiTenant", "ClusterWide"')]),
        ("{profiles: [a/b]}", [("spec.profiles[0]", "Invalid value: \"a/b\": profile name contains invalid character '/'")]),
        (
            "{security: {dataPlane: {mtls: 'yes'}}}",
            [
                (
                    "spec.security.dataPlane.mtls",
                    'Invalid value: "string": spec.security.dataPlane.mtls in body must be of type boolean: "string"',
                )
            ],
        ),
        (
            "{security: {identity: {thirdParty: {audience: vault}}}}",
            [("spec.security.identity.thirdParty.audience", 'Unsupported value: "vault": supported values: "istio-ca"')],
        ),
        (
            "{security: {identity: {type: Spiffe}}}",
            [("spec.security.identity.type", 'Unsupported value: "Spiffe": supported values: "Kubernetes", "ThirdParty"')],
        ),
        (
            "{security: {trust: {additionalDomains: [old.local, Old/Mesh]}}}",
            [
                (
                    "spec.security.trust.additionalDomains[1]",
                    'Invalid value: "Old/Mesh": a trust domain consists of lower case letters, digits, dots, dashes and underscores '
                    "(SPIFFE-ID 2.1)",
                )
            ],
        ),
        (
            "{tracing: {type: Zipkin}}",
            [("spec.tracing.type", 'Unsupported value: "Zipkin": supported values: "None", "Jaeger", "Stackdriver"')],
        ),
    ],
)
def test_what_is_refused(spec: str, expected: list[tuple[str, str]]) -> None:
    assert errors(SERVICE_MESH_CONTROL_PLANE, plane(spec)) == expected


@pytest.mark.parametrize(
    ("authority", "field", "message"),
    [
        ("{type: Custom}", "type", 'Unsupported value: "Custom": supported values: "Istiod"'),
        ("{type: Vault}", "type", 'Unsupported value: "Vault": supported values: "Istiod", "Custom", "cert-manager"'),
        ("{istiod: {type: Mine}}", "istiod.type", 'Unsupported value: "Mine": supported values: "SelfSigned", "PrivateKey"'),
        (
            "{istiod: {workloadCertTTLDefault: 7d}}",
            "istiod.workloadCertTTLDefault",
            'Invalid value: "7d": must be a valid duration greater than 1ms',
        ),
        (
            "{istiod: {workloadCertTTLDefault: 48h, workloadCertTTLMax: 24h}}",
            "istiod.workloadCertTTLDefault",
            'Invalid value: "48h": is longer than workloadCertTTLMax 24h',
        ),
        (
            "{istiod: {selfSigned: {gracePeriod: 20%}}}",
            "istiod.selfSigned.gracePeriod",
            'Invalid value: "20%": must be a whole number of percent, without a sign: 20',
        ),
        ("{istiod: {selfSigned: {checkPeriod: 1d}}}", "istiod.selfSigned.checkPeriod", 'Invalid value: "1d": must be a duration: 1h, 30m'),
    ],
)
def test_the_traps_of_openshift_service_mesh_are_not_copied(authority: str, field: str, message: str) -> None:
    found = errors(SERVICE_MESH_CONTROL_PLANE, plane(f"{{security: {{certificateAuthority: {authority}}}}}"))
    assert found == [(f"spec.security.certificateAuthority.{field}", message)]


def test_a_trust_domain_is_spiffes() -> None:
    ((path, message),) = errors(SERVICE_MESH_CONTROL_PLANE, plane("{security: {trust: {domain: Red/Mesh}}}"))
    assert (path, "trust domain consists of" in message) == ("spec.security.trust.domain", True)


@pytest.mark.parametrize(
    ("annotation", "value", "refused"),
    [
        ("hauberk.io/compliance-policy", "pqc", False),
        ("hauberk.io/compliance-policy", "fips-140-2", True),
        ("hauberk.io/inbound", "HTTP", False),
        ("hauberk.io/inbound", "udp", True),
    ],
)
def test_a_value_of_our_annotations_that_is_not_there_is_refused_by_name(annotation: str, value: str, refused: bool) -> None:
    text = f"{{kind: ServiceMeshControlPlane, metadata: {{annotations: {{{annotation}: {value}}}}}, spec: {{}}}}"
    assert [path for path, _ in errors(SERVICE_MESH_CONTROL_PLANE, text)] == ([f"metadata.annotations[{annotation}]"] if refused else [])


def test_annotations_that_are_null_say_nothing() -> None:
    assert errors(SERVICE_MESH_CONTROL_PLANE, "{kind: ServiceMeshControlPlane, metadata: {annotations: null}, spec: {}}") == []
