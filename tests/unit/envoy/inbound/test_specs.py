"""The inbound side as a plain value."""

from dataclasses import replace

import pytest

from hauberk.envoy.inbound.specs import InboundPort, InboundSpec, inbound_spec
from hauberk.model.authorization import Attribute, AuthorizationPolicy, AuthorizationRule, Condition
from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import InboundProtocol, NamespaceOptions
from hauberk.model.security import MtlsMode
from hauberk.model.service import PortKind
from hauberk.model.tls import MeshTls, TlsVersion
from tests.unit.model.builders import make_policy, make_service, make_settings, make_workload
from tests.unit.view.builders import make_view

STRICT, PERMISSIVE, DISABLE = MtlsMode.STRICT, MtlsMode.PERMISSIVE, MtlsMode.DISABLE


def test_the_ports_are_those_that_services_target() -> None:
    service = make_service(
        "details", "bookinfo", ("http", 80, 9080), ("tcp", 3306, "db"), ("grpc", 50051, 50051), ("tcp-gone", 1, "nothing")
    )
    view = make_view(service, workload := make_workload(ports={"db": 3307}), make_policy(mode=STRICT))
    assert inbound_spec(view, workload) == InboundSpec(
        "cluster.local",
        STRICT,
        (
            InboundPort(3307, PortKind.TCP, STRICT),
            InboundPort(9080, PortKind.HTTP, STRICT),
            InboundPort(50051, PortKind.HTTP, STRICT, http2=True),
        ),
    )


def test_ports_that_only_the_policy_names_are_there_undeclared() -> None:
    policy = make_policy("w", "bookinfo", DISABLE, selector={"app": "details"}, ports={9080: STRICT, 8000: PERMISSIVE})
    view = make_view(make_service(), workload := make_workload(), policy)
    spec = inbound_spec(view, workload)
    assert spec == InboundSpec(
        "cluster.local",
        DISABLE,
        (InboundPort(8000, PortKind.AUTO, PERMISSIVE, declared=False), InboundPort(9080, PortKind.HTTP, STRICT)),
    )
    assert spec.declared == (InboundPort(9080, PortKind.HTTP, STRICT),)


def test_of_two_services_on_one_port_the_older_ones_protocol_counts() -> None:
    young = make_service("young", "bookinfo", ("http", 80, 9080), selector={"app": "details"})
    old = make_service("old", "bookinfo", ("tcp", 81, 9080), selector={"app": "details"}, age=1)
    view = make_view(young, old, workload := make_workload())
    assert inbound_spec(view, workload).ports == (InboundPort(9080, PortKind.TCP, PERMISSIVE),)


def test_the_meshs_tls_and_its_other_trust_domains_are_part_of_it() -> None:
    tls = MeshTls(TlsVersion.V1_3)
    settings = replace(make_settings("bookinfo"), trust_domain_aliases=(TrustDomain("old.local"),), tls=tls)
    view = make_view(make_service(), workload := make_workload(), settings=settings)
    spec = inbound_spec(view, workload)
    assert (spec.trust_domains, spec.tls) == (("cluster.local", "old.local"), tls)


AUTO, HTTP, TCP = InboundProtocol
GET = AuthorizationPolicy("bookinfo", "get", rules=(AuthorizationRule(operations=((Condition(Attribute.METHOD, ("GET",)),),)),))


@pytest.mark.parametrize(
    ("pod", "namespace", "mesh", "rule", "http"),
    [
        (None, None, AUTO, False, False),
        (None, None, AUTO, True, True),
        (None, None, HTTP, False, True),
        (None, TCP, HTTP, True, False),
        (AUTO, TCP, HTTP, True, True),
        (HTTP, TCP, AUTO, False, True),
        (TCP, HTTP, HTTP, True, False),
    ],
)
def test_requests_are_read_where_a_rule_needs_it_or_the_nearest_choice_says_so(
    pod: InboundProtocol | None, namespace: InboundProtocol | None, mesh: InboundProtocol, rule: bool, http: bool
) -> None:
    workload = replace(make_workload(), inbound=pod)
    objects = [workload, *([NamespaceOptions("bookinfo", namespace)] if namespace else []), *([GET] if rule else [])]
    view = make_view(*objects, settings=replace(make_settings("bookinfo"), inbound=mesh))
    assert inbound_spec(view, workload).http is http
