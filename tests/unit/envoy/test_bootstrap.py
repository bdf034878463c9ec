"""The bootstrap, as text and as the real Envoy reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.model.proxy import Proxy, ProxyKind
from tests.golden.static import validate
from tests.unit.model.builders import make_workload

WORKLOAD = make_workload("details-v1-abc", labels={"app": "details"})


def inputs(kind: ProxyKind = ProxyKind.SIDECAR) -> BootstrapInputs:
    return BootstrapInputs(Proxy.of(kind, WORKLOAD), "istio-system", "basic", workload_name="details-v1")


@pytest.fixture
def bootstrap() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(build_bootstrap(inputs()))
    return parsed


def cluster(bootstrap: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(cluster for cluster in bootstrap["static_resources"]["clusters"] if cluster["name"] == name)
    return found


def test_the_node_says_who_it_is(bootstrap: dict[str, Any]) -> None:
    node = bootstrap["node"]
    assert node["id"] == "sidecar~10.244.0.1~details-v1-abc.bookinfo~bookinfo.svc.cluster.local"
    assert node["cluster"] == "details.bookinfo"
    assert node["metadata"] == {
        "NAME": "details-v1-abc",
        "NAMESPACE": "bookinfo",
        "SERVICE_ACCOUNT": "bookinfo-details",
        "WORKLOAD_NAME": "details-v1",
        "LABELS": {"app": "details"},
        "MESH_ID": "cluster.local",
        "INSTANCE_IPS": "10.244.0.1",
    }


def test_admin_is_a_socket_and_every_upstream_socket_carries_the_mark(bootstrap: dict[str, Any]) -> None:
    assert bootstrap["admin"] == {"address": {"pipe": {"path": "/etc/istio/proxy/admin.sock"}}}
    (option,) = bootstrap["cluster_manager"]["upstream_bind_config"]["socket_options"]
    assert option["int_value"] == "1337"


def test_discovery_is_one_delta_stream_that_is_reached_again_within_a_second(bootstrap: dict[str, Any]) -> None:
    dynamic = bootstrap["dynamic_resources"]
    assert dynamic["ads_config"]["api_type"] == "DELTA_GRPC"
    (service,) = dynamic["ads_config"]["grpc_services"]
    assert service["envoy_grpc"]["cluster_name"] == "xds-grpc"
    assert service["envoy_grpc"]["retry_policy"]["retry_back_off"] == {"base_interval": "0.100s", "max_interval": "1s"}
    assert dynamic["cds_config"] == dynamic["lds_config"] == {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}


def test_discovery_must_prove_its_name_and_asks_for_ours(bootstrap: dict[str, Any]) -> None:
    xds = cluster(bootstrap, "xds-grpc")
    (locality,) = xds["load_assignment"]["endpoints"]
    assert locality["lb_endpoints"][0]["endpoint"]["address"] == {"pipe": {"path": "/var/run/hauberk/xds.sock"}}
    tls = xds["transport_socket"]["typed_config"]
    assert tls["sni"] == "istiod-basic.istio-system.svc"
    common = tls["common_tls_context"]
    assert common["combined_validation_context"]["default_validation_context"]["match_typed_subject_alt_names"] == [
        {"san_type": "DNS", "matcher": {"exact": "istiod-basic.istio-system.svc"}}
    ]
    assert common["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_3"
    assert [config["name"] for config in common["tls_certificate_sds_secret_configs"]] == ["default"]


def test_only_metrics_and_readiness_are_open_to_the_pod_network(bootstrap: dict[str, Any]) -> None:
    found = {}
    for listener in bootstrap["static_resources"]["listeners"]:
        (host,) = listener["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]["virtual_hosts"]
        (route,) = host["routes"]
        found[listener["address"]["socket_address"]["port_value"]] = (route["match"]["path"], route["route"]["prefix_rewrite"])
    assert found == {15090: ("/stats/prometheus", "/stats/prometheus"), 15021: ("/healthz/ready", "/ready")}


def test_a_gateway_calls_itself_a_router() -> None:
    assert json.loads(build_bootstrap(inputs(ProxyKind.ROUTER)))["node"]["id"].startswith("router~")


def test_envoy_accepts_it(bootstrap: dict[str, Any], tmp_path: Path) -> None:
    validate(bootstrap, tmp_path)
