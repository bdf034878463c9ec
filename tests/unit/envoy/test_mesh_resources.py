"""A mesh's resources, in step with its view: above all, an update must equal a fresh build."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk import names
from hauberk.envoy.mesh_resources import MeshResources, build_resources
from hauberk.envoy.resources import ProxyResources
from hauberk.model.authorization import AuthorizationPolicy
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.routing import DirectResponse, HttpDestination, HttpMatch, HttpRoute, Mirror, TcpRoute, VirtualService
from hauberk.model.secret import TlsCredential
from hauberk.model.security import MtlsMode
from hauberk.model.service import Protocol, Resolution, ServicePort
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry
from hauberk.model.sidecar import EgressHost, Sidecar
from hauberk.model.traffic import Gateway, GatewayServer, ServerTls, ServerTlsMode, Subset, TlsMode
from hauberk.view.apply import apply
from hauberk.view.changes import Affected, Change, Delete, ModelObject, Put
from tests.unit.envoy.builders import router, sidecar
from tests.unit.model.builders import ROOT, make_policy, make_rule, make_service, make_settings, make_slice, make_workload
from tests.unit.view.builders import DETAILS, REVIEWS, bookinfo_objects, make_view

TYPES = (names.TYPE_CLUSTER, names.TYPE_ENDPOINT, names.TYPE_LISTENER, names.TYPE_ROUTE, names.TYPE_VIRTUAL_HOST, names.TYPE_SECRET)
LABELS = {"istio": "ingressgateway"}
ROUTER = make_workload("gateway-1", ROOT, address="10.244.9.1", labels=LABELS)
GATEWAY = Gateway("bookinfo", "gw", LABELS, (GatewayServer(80, "HTTP"),))
SECURE_GATEWAY = Gateway("bookinfo", "tls", LABELS, (GatewayServer(443, "HTTPS", tls=ServerTls(ServerTlsMode.SIMPLE, "cert")),))
HTTP_PORT, HTTPS_PORT = ServicePort("http", 80, 80, Protocol.HTTP), ServicePort("https", 9080, 443, Protocol.TLS)
TO_DETAILS = VirtualService("bookinfo", "v", ("*",), ("bookinfo/gw",), (HttpRoute((HttpDestination(DETAILS),)),))
MIRRORED = (HttpRoute((HttpDestination(REVIEWS),), mirrors=(Mirror(HttpDestination(DETAILS)),)),)
# A rule of its own for one kind of client.
BY_CLIENT = (
    HttpRoute((HttpDestination(DETAILS),), (HttpMatch(source_labels=(("version", "v1"),)),)),
    HttpRoute((HttpDestination(REVIEWS),)),
)


def everything(resources: ProxyResources) -> dict[str, object]:
    return {type_url: resources.all(type_url) for type_url in TYPES}


def test_a_sidecar_has_its_own_inbound_side_beside_the_shared_one() -> None:
    view = make_view(*bookinfo_objects())
    resources = build_resources(view, sidecar(view))
    assert set(resources.all(names.TYPE_LISTENER)) == {"virtualInbound", "virtualOutbound", "0.0.0.0_9080"}
    assert {"inbound|9080||", "InboundPassthroughCluster", "PassthroughCluster"} <= set(resources.names(names.TYPE_CLUSTER))


def test_a_router_has_what_gateways_say() -> None:
    view = make_view(*bookinfo_objects(), ROUTER, GATEWAY, TO_DETAILS)
    resources = build_resources(view, router(view))
    assert set(resources.all(names.TYPE_LISTENER)) == {"0.0.0.0_80"}
    assert set(resources.all(names.TYPE_ROUTE)) == {"http.80"}
    assert f"outbound|9080||{DETAILS}" in resources.all(names.TYPE_CLUSTER)


def test_proxies_share_bytes() -> None:
    view = make_view(*bookinfo_objects())
    resources = MeshResources(view)
    one, two = (resources.for_proxy(sidecar(view, name)) for name in ("reviews-v1", "reviews-v2"))
    for type_url in TYPES:
        for mine, theirs in zip(one.layers(type_url), two.layers(type_url), strict=True):
            assert mine is theirs or not mine


def test_mesh_wide_strict_sends_one_listener() -> None:
    view = make_view(*bookinfo_objects())
    resources = MeshResources(view)
    proxy = sidecar(view)
    before = resources.for_proxy(proxy)
    after_view, affected = apply(view, [Put(make_policy(mode=MtlsMode.STRICT))])
    resources.update(after_view, affected)
    after = resources.for_proxy(proxy)
    sent = {type_url: resources.diff(before, after, type_url) for type_url in TYPES}
    assert [resource.name for found in sent.values() for resource in found.changed] == ["virtualInbound"]
    assert not any(found.removed for found in sent.values())


def test_nothing_affected_changes_nothing() -> None:
    view = make_view(*bookinfo_objects())
    resources = MeshResources(view)
    before = resources.for_proxy(sidecar(view))
    resources.update(view, Affected())
    after = resources.for_proxy(sidecar(view))
    assert not any(resources.diff(before, after, type_url) for type_url in TYPES)


def test_a_proxy_whose_pod_is_gone_keeps_what_its_labels_say_while_it_drains() -> None:
    view = make_view(*bookinfo_objects())
    proxy = sidecar(view)
    resources = MeshResources(view)
    before = resources.for_proxy(proxy).own
    gone, affected = apply(view, [Delete(view.workloads["bookinfo", "reviews-v1"].ref)])
    resources.update(gone, affected)
    assert resources.for_proxy(proxy).own == before


OBJECTS: list[ModelObject] = [
    make_service("details"),
    make_service("details", "bookinfo", ("tcp", 9080, 9080), vip="10.96.0.1"),
    make_service("reviews", "bookinfo", ("http", 80, 9080), ("tcp", 3306, 3306), vip=""),
    make_slice("reviews", make_workload("reviews-v1"), ports={"http": 9080, "tcp": 3306}),
    make_workload("reviews-v2", address="10.244.0.3", labels={"app": "reviews"}, sidecar=False),
    make_workload("reviews-v1", address="10.244.0.2", labels={"app": "reviews", "version": "v1"}, account="other"),
    make_policy(mode=MtlsMode.STRICT),
    make_policy(mode=MtlsMode.DISABLE),
    make_policy("w", "bookinfo", MtlsMode.STRICT, selector={"app": "reviews"}, ports={9080: MtlsMode.DISABLE, 1: MtlsMode.STRICT}),
    make_policy("n", "bookinfo", MtlsMode.DISABLE),
    make_rule(mode=TlsMode.DISABLE),
    make_rule("r", host=REVIEWS, mode=TlsMode.ISTIO_MUTUAL, subsets=(Subset("v1", (("version", "v1"),)),)),
    make_rule("mesh", ROOT, "*.local", TlsMode.ISTIO_MUTUAL),
    VirtualService("bookinfo", "m", (REVIEWS,), http=(HttpRoute((HttpDestination(REVIEWS, "v1"),)),)),
    VirtualService("bookinfo", "t", (REVIEWS,), tcp=(TcpRoute((HttpDestination(DETAILS),)),)),
    VirtualService(
        "bookinfo", "t", (REVIEWS,), http=(HttpRoute((HttpDestination(REVIEWS),), mirrors=(Mirror(HttpDestination(DETAILS)),)),)
    ),
    VirtualService("bookinfo", "s", ("*.bookinfo.svc.cluster.local",), http=BY_CLIENT),
    AuthorizationPolicy("bookinfo", "a", selector=(("app", "details"),)),
    AuthorizationPolicy(ROOT, "root"),
    TO_DETAILS,
    Sidecar("bookinfo", "some", (("version", "v1"),), (EgressHost("bookinfo", REVIEWS),), OutboundPolicy.REGISTRY_ONLY),
    Sidecar("bookinfo", "own", egress=(EgressHost("bookinfo", DETAILS),)),
    Sidecar(ROOT, "all", egress=(EgressHost("*", "example.com"),), outbound_policy=OutboundPolicy.REGISTRY_ONLY),
    replace(make_rule("selecting", host=DETAILS, mode=TlsMode.SIMPLE), selector=(("version", "v1"),)),
    GATEWAY,
    SECURE_GATEWAY,
    ServiceEntry("bookinfo", "outside", ("example.com",), ports=(HTTPS_PORT,), resolution=Resolution.DNS),
    ServiceEntry(
        "bookinfo", "outside", ("example.com",), ports=(HTTP_PORT,), endpoints=(EntryEndpoint("192.0.2.1"),), resolution=Resolution.STATIC
    ),
    ServiceEntry(ROOT, "same", (DETAILS,), ("192.0.2.9",), (HTTP_PORT,), export_to=("istio-system",)),
    VirtualService("bookinfo", "o", ("example.com",), http=(HttpRoute((HttpDestination(DETAILS),)),)),
    TlsCredential(ROOT, "cert", b"c", b"k"),
    make_service("gateway", ROOT, ("http", 80, 8080), selector=LABELS),
    make_settings(),
    make_settings("bookinfo"),
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(OBJECTS).flatmap(lambda obj: st.sampled_from([Put(obj), Put(obj), Delete(obj.ref)])), max_size=12))
def test_updates_step_by_step_equal_a_fresh_build_and_differences_lead_there(changes: list[Change]) -> None:
    view = make_view(*bookinfo_objects(), ROUTER)
    proxies = [sidecar(view, "reviews-v1"), sidecar(view, "reviews-v2"), sidecar(view, "details-1"), router(view)]
    resources = MeshResources(view)
    had = [everything(resources.for_proxy(proxy)) for proxy in proxies]
    old = [resources.for_proxy(proxy) for proxy in proxies]
    for change in changes:
        view, affected = apply(view, [change])
        resources.update(view, affected)
        for number, proxy in enumerate(proxies):
            new = resources.for_proxy(proxy)
            for type_url in TYPES:
                found = resources.diff(old[number], new, type_url)
                state = dict(had[number][type_url])  # type: ignore[call-overload]
                for name in found.removed:
                    del state[name]
                state.update({resource.name: resource for resource in found.changed})
                had[number][type_url] = state
            old[number] = new
    assert resources.failures == {}
    for number, proxy in enumerate(proxies):
        assert everything(resources.for_proxy(proxy)) == everything(build_resources(view, proxy))
        assert had[number] == everything(build_resources(view, proxy))


NOBODY_CAN_BUILD = DirectResponse(status=-1)
"""Validation refuses it; should something like it pass, it must not take its neighbours with it."""


def test_what_cannot_be_built_stays_as_it_was_and_the_rest_goes_on() -> None:
    view = make_view(*bookinfo_objects(), ROUTER, GATEWAY)
    resources, proxies = MeshResources(view), [sidecar(view), router(view)]
    before = [resources.for_proxy(proxy) for proxy in proxies]
    (host,) = [name for name in before[0].names(names.TYPE_VIRTUAL_HOST) if REVIEWS in name]
    bad = VirtualService("bookinfo", "bad", (REVIEWS,), ("mesh", "bookinfo/gw"), http=(HttpRoute(direct_response=NOBODY_CAN_BUILD),))
    view, affected = apply(view, [Put(bad), Put(make_service("new", vip="10.96.0.9"))])
    resources.update(view, affected)
    failed = {f"virtual hosts of {REVIEWS} for {namespace}" for namespace in ("bookinfo", ROOT)}
    assert set(resources.failures) == failed | {"router istio-system/gateway-1"}
    mine, gateways = [resources.for_proxy(proxy) for proxy in proxies]
    assert "outbound|9080||new.bookinfo.svc.cluster.local" in mine.all(names.TYPE_CLUSTER)
    assert mine.get(names.TYPE_VIRTUAL_HOST, host) == before[0].get(names.TYPE_VIRTUAL_HOST, host) is not None
    assert gateways.all(names.TYPE_ROUTE) == before[1].all(names.TYPE_ROUTE) != {}
    view, affected = apply(view, [Delete(bad.ref)])
    resources.update(view, affected)
    assert resources.failures == {}
