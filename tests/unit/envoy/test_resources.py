"""Resources, layers and differences."""

import gc

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.resources import Builder, Diff, DiffMemo, ProxyResources, Resource, attempt, diff, make_resource


def cluster(name: str, timeout: int = 1) -> Resource:
    return make_resource(names.TYPE_CLUSTER, name, m.Cluster(name=name, connect_timeout={"seconds": timeout}))


def proxy(shared: list[Resource], own: list[Resource]) -> ProxyResources:
    def layers(resources: list[Resource]) -> dict[str, dict[str, Resource]]:
        return {names.TYPE_CLUSTER: {resource.name: resource for resource in resources}}

    return ProxyResources(layers(shared), layers(own))


def test_a_resource_is_ready_to_send() -> None:
    resource = cluster("c")
    sent = m.DiscoveryResource.FromString(resource.encoded)
    assert (sent.name, sent.version, sent.resource.type_url, sent.resource.value) == (
        "c",
        resource.version,
        names.TYPE_CLUSTER,
        resource.body,
    )


def test_equal_content_has_an_equal_version_and_other_content_another() -> None:
    assert cluster("c") == cluster("c")
    assert cluster("c").version != cluster("c", 2).version


def test_a_resource_is_built_once_while_it_is_held() -> None:
    builder, built = Builder(), []

    def build() -> m.Cluster:
        built.append("c")
        return m.Cluster(name="c")

    one = builder.resource(names.TYPE_CLUSTER, "key", "c", build)
    assert builder.resource(names.TYPE_CLUSTER, "key", "c", build) is one
    assert built == ["c"]
    builder.resource(names.TYPE_CLUSTER, "other", "c", build)
    assert built == ["c", "c"]
    del one
    gc.collect()
    builder.resource(names.TYPE_CLUSTER, "key", "c", build)
    assert built == ["c", "c", "c"]


def test_a_proxy_has_what_both_layers_have() -> None:
    resources = proxy([cluster("a")], [cluster("b")])
    assert list(resources.names(names.TYPE_CLUSTER)) == ["a", "b"]
    assert resources.get(names.TYPE_CLUSTER, "b") == cluster("b")
    assert resources.get(names.TYPE_CLUSTER, "c") is None
    assert resources.all(names.TYPE_CLUSTER) == {"a": cluster("a"), "b": cluster("b")}
    assert resources.layers(names.TYPE_ROUTE) == ({}, {})


def test_a_first_configuration_is_all_of_it() -> None:
    new = proxy([cluster("a")], [cluster("b")])
    assert diff(None, new, names.TYPE_CLUSTER) == Diff((cluster("a"), cluster("b")), ())


def test_only_what_differs_is_sent() -> None:
    old = proxy([cluster("a"), cluster("gone")], [cluster("b")])
    new = proxy([cluster("a"), cluster("new")], [cluster("b", 2)])
    assert diff(old, new, names.TYPE_CLUSTER) == Diff((cluster("new"), cluster("b", 2)), ("gone",))
    assert not diff(old, old, names.TYPE_CLUSTER)


def test_a_pair_of_layers_is_compared_once() -> None:
    old, new = proxy([cluster("a")], []), proxy([cluster("a", 2)], [])
    memo = DiffMemo()
    first = diff(old, new, names.TYPE_CLUSTER, memo)
    assert first == diff(old, new, names.TYPE_CLUSTER)
    assert diff(old, new, names.TYPE_CLUSTER, memo) is first
    memo.clear()
    assert diff(old, new, names.TYPE_CLUSTER, memo) is not first


def test_an_attempt_that_fails_leaves_what_there_was_and_says_so_until_it_succeeds() -> None:
    failures: dict[str, str] = {}
    assert attempt(failures, "a", lambda: 1 // 0, 7) == 7
    assert failures == {"a": "ZeroDivisionError('integer division or modulo by zero')"}
    assert (attempt(failures, "a", lambda: 8, 7), failures) == (8, {})
