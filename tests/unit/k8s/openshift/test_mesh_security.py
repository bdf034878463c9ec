from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from hauberk.k8s.openshift.mesh_security import Security
from tests.unit.k8s.builders import load, warnings

NOT_YET = """
spec:
  security:
    identity: {type: ThirdParty, thirdParty: {issuer: a, audience: istio-ca}}
    jwksResolverCA: PEM
    certificateAuthority:
      custom: {address: 'a:1'}
      cert-manager: {address: 'a:1'}
      istiod: {workloadCertTTLDefault: 1h, workloadCertTTLMax: 24h, selfSigned: {ttl: 1h, gracePeriod: '20', enableJitter: true}}
"""


def test_what_is_not_implemented_is_said_by_name() -> None:
    assert warnings(SERVICE_MESH_CONTROL_PLANE, NOT_YET) == [
        ("HBK0390", f"spec.security.{path}")
        for path in (
            "identity.thirdParty.issuer",
            "jwksResolverCA",
            "certificateAuthority.custom",
            "certificateAuthority.cert-manager",
        )
    ]


def test_fields_are_read_by_the_names_that_upstream_gives_them() -> None:
    security = Security.model_validate(load(NOT_YET)["spec"]["security"])
    assert security.certificate_authority is not None
    assert security.certificate_authority.istiod is not None
    assert security.certificate_authority.istiod.workload_cert_ttl_max == "24h"
    assert security.certificate_authority.cert_manager == {"address": "a:1"}
    assert security.jwks_resolver_ca == "PEM"
