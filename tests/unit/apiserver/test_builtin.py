from ipaddress import IPv4Address, IPv4Network

import pytest

from hauberk import names
from hauberk.apiserver.admission import Admission, Operation
from hauberk.apiserver.builtin import (
    address_service,
    complete_namespace,
    default_service_account,
    drop_empty_data,
    guard_namespace,
    mount_token,
)
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import FixedReader, make_admission, make_config_map, make_pod, make_service


def make_namespace(name: str = "default", **metadata: str) -> Manifest:
    return {"kind": "Namespace", "metadata": {"name": name, **metadata}}


def make_account(name: str = "default", **fields: object) -> Manifest:
    return {"kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}, **fields}


def refusal_of(answer: Admission) -> tuple[int, str]:
    assert answer.refusal is not None
    return answer.refusal.code, answer.refusal.message or str(answer.refusal.causes[0])


def test_new_objects_need_their_namespace() -> None:
    request = make_admission(core.CONFIG_MAP, make_config_map())
    assert guard_namespace(request, FixedReader(make_namespace())) == Admission()
    assert refusal_of(guard_namespace(request, FixedReader())) == (404, 'namespaces "default" not found')
    going = guard_namespace(request, FixedReader(make_namespace(deletionTimestamp="t")))
    assert refusal_of(going) == (403, "unable to create new content in namespace default because it is being terminated")
    assert going.refusal is not None
    assert [str(cause) for cause in going.refusal.causes] == ["metadata.namespace: namespace default is being terminated"]


@pytest.mark.parametrize(("name", "stays"), [("default", True), ("kube-system", True), ("mine", False)])
def test_some_namespaces_cannot_be_deleted(name: str, stays: bool) -> None:
    answer = guard_namespace(make_admission(core.NAMESPACE, make_namespace(name), Operation.DELETE), FixedReader())
    assert (answer.refusal is not None) is stays


def test_a_namespace_is_labelled_with_its_name_and_waits_to_be_emptied() -> None:
    answer = complete_namespace(make_admission(core.NAMESPACE, make_namespace("a")), FixedReader())
    assert answer.obj == {
        "kind": "Namespace",
        "metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "a"}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def test_an_update_of_a_namespace_keeps_its_finalizers() -> None:
    old = make_namespace("a") | {"spec": {"finalizers": ["kubernetes"]}}
    request = make_admission(core.NAMESPACE, make_namespace("a") | {"spec": {}}, Operation.UPDATE, old=old)
    answer = complete_namespace(request, FixedReader())
    assert answer.obj is not None
    assert answer.obj["spec"] == {"finalizers": ["kubernetes"]}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [({}, "default"), ({"serviceAccountName": "web"}, "web"), ({"serviceAccount": "web"}, "web")],
)
def test_a_pod_runs_as_an_account_of_its_namespace(spec: Manifest, expected: str) -> None:
    answer = default_service_account(make_admission(core.POD, make_pod(**spec)), FixedReader(make_account("web")))
    assert answer.obj is not None
    assert (answer.obj["spec"]["serviceAccountName"], answer.obj["spec"]["serviceAccount"]) == (expected, expected)


def test_an_account_that_is_not_there_refuses_the_pod() -> None:
    answer = default_service_account(make_admission(core.POD, make_pod(serviceAccountName="nosuch")), FixedReader())
    assert refusal_of(answer) == (403, 'error looking up service account default/nosuch: serviceaccount "nosuch" not found')


def test_every_container_gets_the_token_once() -> None:
    mounted = {"name": "side", "image": "i", "volumeMounts": [{"name": "mine", "mountPath": names.SERVICE_ACCOUNT_DIR}]}
    pod = make_pod(containers=[{"name": "main", "image": "i"}, mounted], initContainers=[{"name": "init", "image": "i"}])
    answer = mount_token(make_admission(core.POD, pod), FixedReader(make_account()))
    assert answer.obj is not None
    spec = answer.obj["spec"]
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert [next(iter(source)) for source in volume["projected"]["sources"]] == ["serviceAccountToken", "configMap", "downwardAPI"]
    mount = {"name": volume["name"], "mountPath": names.SERVICE_ACCOUNT_DIR, "readOnly": True}
    assert [container["volumeMounts"] for container in (*spec["containers"], *spec["initContainers"])] == [
        [mount],
        [{"name": "mine", "mountPath": names.SERVICE_ACCOUNT_DIR}],
        [mount],
    ]


@pytest.mark.parametrize(
    ("spec", "account", "mounts"),
    [
        ({"automountServiceAccountToken": False}, {}, False),
        ({}, {"automountServiceAccountToken": False}, False),
        ({"automountServiceAccountToken": True}, {"automountServiceAccountToken": False}, True),
    ],
)
def test_pod_before_account_says_whether_the_token_is_wanted(spec: Manifest, account: Manifest, mounts: bool) -> None:
    answer = mount_token(make_admission(core.POD, make_pod(**spec)), FixedReader(make_account(**account)))
    assert (answer.obj is not None) is mounts


def addressed(service: Manifest, *others: Manifest, old: Manifest | None = None) -> Admission:
    operation = Operation.UPDATE if old else Operation.CREATE
    return address_service(make_admission(core.SERVICE, service, operation, old=old), FixedReader(*others))


def spec_of(answer: Admission) -> Manifest:
    assert answer.obj is not None, answer.refusal
    spec: Manifest = answer.obj["spec"]
    return spec


def test_a_service_gets_an_address_of_the_service_network() -> None:
    spec = spec_of(addressed(make_service()))
    assert IPv4Address(spec["clusterIP"]) in IPv4Network(names.SERVICE_CIDR)
    assert spec["clusterIP"] != names.DNS_VIP
    assert (spec["clusterIPs"], spec["ipFamilies"], spec["ipFamilyPolicy"]) == ([spec["clusterIP"]], ["IPv4"], "SingleStack")


def test_no_two_services_have_the_same_address() -> None:
    services: list[Manifest] = []
    for number in range(50):
        service = make_service(f"s{number}")
        service["metadata"]["uid"] = "same seed for all"
        services.append(service | {"spec": spec_of(addressed(service, *services))})
    assert len({service["spec"]["clusterIP"] for service in services}) == 50


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("1.2.3.4", "the provided network does not match the current range"),
        ("10.96.0.77", "provided IP is already allocated"),
        (names.DNS_VIP, "provided IP is already allocated"),
        ("fd00::1", "not a valid IP address"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(address: str, why: str) -> None:
    answer = addressed(make_service(clusterIP=address), make_service("other", clusterIP="10.96.0.77"))
    assert refusal_of(answer) == (422, f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}: {why}')


def test_an_address_that_is_free_can_be_asked_for() -> None:
    assert spec_of(addressed(make_service(clusterIP="10.96.0.77")))["clusterIP"] == "10.96.0.77"


def test_headless_services_and_external_names_have_none() -> None:
    assert spec_of(addressed(make_service(clusterIP="None")))["clusterIPs"] == ["None"]
    external = spec_of(addressed(make_service(type="ExternalName", externalName="a.b", clusterIP="10.96.0.77")))
    assert external == {"ports": [{"port": 80}], "type": "ExternalName", "externalName": "a.b"}


def test_an_update_keeps_the_address() -> None:
    old = make_service(clusterIP="10.96.0.77")
    assert spec_of(addressed(make_service(), old, old=old))["clusterIP"] == "10.96.0.77"


def test_data_without_keys_is_no_data() -> None:
    answer = drop_empty_data(make_admission(core.CONFIG_MAP, make_config_map() | {"data": {}, "binaryData": {"a": "YQ=="}}), FixedReader())
    assert answer.obj is not None
    assert "data" not in answer.obj
    assert answer.obj["binaryData"] == {"a": "YQ=="}
