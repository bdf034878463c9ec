"""Every rule of facts/istio-mtls.md 2.1 as a row."""

from dataclasses import replace

import pytest

from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.service import Endpoint, Service
from hauberk.model.traffic import ClientTls, TlsMode
from hauberk.policy.auto_mtls import auto_mtls_possible, endpoint_takes_mtls, sends_mtls, uses_original_destination
from hauberk.policy.mtls import PeerAuthenticationIndex
from tests.unit.model.builders import ROOT, make_endpoint, make_policy, make_service, make_workload

DISABLE, PERMISSIVE, STRICT = MtlsMode.DISABLE, MtlsMode.PERMISSIVE, MtlsMode.STRICT
APP = {"app": "details"}
HTTP = make_service()
HEADLESS_TCP = make_service("details", "bookinfo", ("tcp", 9080, 9080), vip="")
HEADLESS_HTTP = make_service(vip="")
MESHED = make_endpoint(make_workload())
NAKED = make_endpoint(make_workload(sidecar=False))
EXTERNAL = make_endpoint()


def index(*policies: PeerAuthentication) -> PeerAuthenticationIndex:
    return PeerAuthenticationIndex.of(policies, ROOT)


@pytest.mark.parametrize(
    ("name", "endpoint", "policies", "takes"),
    [
        ("a sidecar, no policy", MESHED, [], True),
        ("a sidecar under STRICT", MESHED, [make_policy(mode=STRICT)], True),
        ("a sidecar under DISABLE", MESHED, [make_policy(mode=DISABLE)], False),
        ("a sidecar whose own policy is DISABLE", MESHED, [make_policy("w", "bookinfo", DISABLE, selector=APP)], False),
        ("DISABLE on this port", MESHED, [make_policy("w", "bookinfo", STRICT, selector=APP, ports={9080: DISABLE})], False),
        ("DISABLE on another port", MESHED, [make_policy("w", "bookinfo", STRICT, selector=APP, ports={80: DISABLE})], True),
        ("a port out of DISABLE", MESHED, [make_policy("w", "bookinfo", DISABLE, selector=APP, ports={9080: STRICT})], True),
        ("no sidecar under STRICT", NAKED, [make_policy(mode=STRICT)], False),
        ("no pod behind the address", EXTERNAL, [], False),
    ],
)
def test_an_endpoint_takes_mtls_with_a_sidecar_whose_policy_does(
    name: str, endpoint: Endpoint, policies: list[PeerAuthentication], takes: bool
) -> None:
    assert endpoint_takes_mtls(index(*policies), endpoint, 9080) is takes, name


@pytest.mark.parametrize(
    ("name", "service", "endpoints", "policies", "possible"),
    [
        ("no policy", HTTP, [MESHED], [], True),
        ("no endpoint", HTTP, [], [], True),
        ("mixed endpoints are told apart later", HTTP, [MESHED, NAKED], [], True),
        ("mesh-wide STRICT", HTTP, [MESHED], [make_policy(mode=STRICT)], True),
        ("mesh-wide DISABLE", HTTP, [MESHED], [make_policy(mode=DISABLE)], False),
        ("namespace DISABLE", HTTP, [MESHED], [make_policy("n", "bookinfo", DISABLE)], False),
        ("a workload's DISABLE is not looked at", HTTP, [MESHED], [make_policy("w", "bookinfo", DISABLE, selector=APP)], True),
        ("headless TCP with sidecars", HEADLESS_TCP, [make_endpoint(make_workload(), tcp=9080)], [], True),
        ("headless TCP without endpoints", HEADLESS_TCP, [], [], False),
        ("headless TCP, mixed", HEADLESS_TCP, [make_endpoint(make_workload(), tcp=9080), make_endpoint(None, tcp=9080)], [], False),
        ("headless TCP whose endpoint lacks the port", HEADLESS_TCP, [make_endpoint(make_workload(), other=1)], [], False),
        (
            "headless TCP with DISABLE on the port: plaintext, where Istio breaks",
            HEADLESS_TCP,
            [make_endpoint(make_workload(), tcp=9080)],
            [make_policy("w", "bookinfo", STRICT, selector=APP, ports={9080: DISABLE})],
            False,
        ),
        ("outside the mesh, whatever its endpoints", replace(HTTP, external=True), [MESHED], [], False),
        (
            "the application's own TLS travels inside the mesh's",
            make_service("details", "bookinfo", ("https", 9443, 9443)),
            [MESHED],
            [],
            True,
        ),
        ("headless HTTP is balanced, so told apart", HEADLESS_HTTP, [MESHED, NAKED], [], True),
    ],
)
def test_the_cluster_offers_mtls(
    name: str, service: Service, endpoints: list[Endpoint], policies: list[PeerAuthentication], possible: bool
) -> None:
    assert auto_mtls_possible(index(*policies), service, service.ports[0], endpoints, enabled=True) is possible, name
    assert not auto_mtls_possible(index(*policies), service, service.ports[0], endpoints, enabled=False)


def test_only_headless_tcp_goes_where_the_client_said() -> None:
    found = [uses_original_destination(service, service.ports[0]) for service in (HTTP, HEADLESS_HTTP, HEADLESS_TCP)]
    assert found == [False, False, True]


@pytest.mark.parametrize(
    ("mode", "auto", "takes", "sends"),
    [
        (None, True, True, True),
        (None, True, False, False),
        (None, False, True, False),
        (TlsMode.ISTIO_MUTUAL, False, False, True),
        (TlsMode.DISABLE, True, True, False),
        (TlsMode.SIMPLE, True, True, False),
        (TlsMode.MUTUAL, True, True, False),
    ],
)
def test_explicit_settings_decide_alone(mode: TlsMode | None, auto: bool, takes: bool, sends: bool) -> None:
    settings = ClientTls(mode) if mode else None
    assert sends_mtls(settings, auto=auto, endpoint_takes=takes) is sends
