"""Load assignments."""

from hauberk.envoy.outbound.endpoints import LoadAssignmentSpec, Target, build_load_assignment, load_assignment_specs
from hauberk.model.security import MtlsMode
from hauberk.model.traffic import Subset, TlsMode
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_policy, make_rule, make_service, make_slice, make_workload
from tests.unit.view.builders import REVIEWS, bookinfo_objects, make_view

V1 = Target("10.244.0.2", 9080, mtls=True, workload="reviews-v1;bookinfo;reviews;;Kubernetes")
V2 = Target("10.244.0.3", 9080, mtls=True, workload="reviews-v2;bookinfo;reviews;;Kubernetes")


def specs(*extra: object) -> list[LoadAssignmentSpec]:
    view = make_view(*bookinfo_objects(), *extra)  # type: ignore[arg-type]
    return load_assignment_specs(view, "bookinfo", view.services[REVIEWS])


def test_every_ready_endpoint_is_there_with_what_it_takes() -> None:
    assert specs() == [LoadAssignmentSpec(f"outbound|9080||{REVIEWS}", (V1, V2))]


def test_a_subset_has_the_endpoints_with_its_labels() -> None:
    rule = make_rule("r", host=REVIEWS, subsets=(Subset("v2", (("version", "v2"),)), Subset("v9", (("version", "v9"),))))
    assert specs(rule) == [
        LoadAssignmentSpec(f"outbound|9080||{REVIEWS}", (V1, V2)),
        LoadAssignmentSpec(f"outbound|9080|v2|{REVIEWS}", (V2,)),
        LoadAssignmentSpec(f"outbound|9080|v9|{REVIEWS}", ()),
    ]


def test_explicit_tls_does_not_change_endpoints() -> None:
    assert specs(make_rule("r", host=REVIEWS, mode=TlsMode.DISABLE)) == specs()


def test_a_workloads_disable_reaches_the_client_here() -> None:
    policy = make_policy("w", "bookinfo", MtlsMode.DISABLE, selector={"version": "v1"})
    assert [target.mtls for target in specs(policy)[0].targets] == [False, True]


def test_headless_tcp_and_missing_ports_have_no_endpoints() -> None:
    headless, pod = make_service("db", "bookinfo", ("tcp", 3306, 3306), vip=""), make_workload("db-0")
    view = make_view(headless, pod, make_slice("db", pod, ports={"tcp": 3306}))
    assert load_assignment_specs(view, "bookinfo", headless) == []
    other = make_service("db")
    view = make_view(other, pod, make_slice("db", pod, ports={"tcp": 3306}))
    assert [spec.targets for spec in load_assignment_specs(view, "bookinfo", other)] == [()]


def test_the_message_carries_the_metadata_that_chooses_the_socket() -> None:
    message = build_load_assignment(LoadAssignmentSpec("c", (V1, Target("192.0.2.1", 80, mtls=False))))
    assert as_dict(message) == {
        "cluster_name": "c",
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {"address": {"socket_address": {"address": "10.244.0.2", "port_value": 9080}}},
                        "metadata": {
                            "filter_metadata": {
                                "istio": {"workload": "reviews-v1;bookinfo;reviews;;Kubernetes"},
                                "envoy.transport_socket_match": {"tlsMode": "istio"},
                            }
                        },
                    },
                    {"endpoint": {"address": {"socket_address": {"address": "192.0.2.1", "port_value": 80}}}},
                ]
            }
        ],
    }


def test_no_endpoints_is_an_answer_too() -> None:
    assert as_dict(build_load_assignment(LoadAssignmentSpec("c", ()))) == {"cluster_name": "c"}
