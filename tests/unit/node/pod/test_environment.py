"""A container's variables."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.pod.environment import build_environment, data_of, expand, field_value, named_sources, service_variables
from hauberk.node.pod.programs import CannotStart

POD: dict[str, Any] = {
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "labels": {"app": "web", "a": 'x"y'}, "annotations": {"note": "n"}},
    "spec": {"nodeName": "local", "containers": []},
    "status": {"podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}], "hostIP": "10.244.0.1", "hostIPs": [{"ip": "10.244.0.1"}]},
}
SETTINGS = {"kind": "ConfigMap", "data": {"color": "red", "size": "big"}, "binaryData": {"raw": b64encode(b"\x00").decode()}}
PASSWORD = {"kind": "Secret", "data": {"password": b64encode(b"s3cret").decode()}}
SOURCES = {("ConfigMap", "settings"): SETTINGS, ("Secret", "login"): PASSWORD, ("ConfigMap", "gone"): None}


def make_service(name: str, namespace: str = "shop", address: str = "10.96.1.1", **ports: int) -> dict[str, Any]:
    spec = {"clusterIP": address, "ports": [{"name": port, "port": number} for port, number in ports.items()]}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def environment(*env: dict[str, Any], pod: dict[str, Any] = POD, services: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, str]:
    return build_environment({"name": "c", "env": list(env), **more}, pod, SOURCES, services)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(B)z", "x1y2z"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(C)", "$(C)"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("100$", "100$"),
        ("$()", "$()"),
    ],
)
def test_variables_are_expanded_as_kubernetes_does(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B": "2"}) == expanded


@given(st.text(alphabet="ab$() "))
def test_text_without_a_dollar_is_never_changed(text: str) -> None:
    plain = text.replace("$", "")
    assert expand(plain, {"a": "1"}) == plain


def test_a_later_variable_can_use_an_earlier_one_but_not_the_other_way_round() -> None:
    assert environment({"name": "B", "value": "$(A)"}, {"name": "A", "value": "1"}, {"name": "C", "value": "$(A)$(B)"}) == {
        "B": "$(A)",
        "A": "1",
        "C": "1$(A)",
    }


def test_values_come_from_fields_config_maps_and_secrets() -> None:
    env = environment(
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "color"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
        {"name": "NONE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "none", "optional": True}}},
        {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "gone", "key": "x", "optional": True}}},
    )
    assert env == {"IP": "10.244.0.7", "COLOR": "red", "PASSWORD": "s3cret"}


def test_whole_maps_come_with_their_prefix_and_yield_to_env() -> None:
    whole = [{"prefix": "S_", "configMapRef": {"name": "settings"}}, {"secretRef": {"name": "login"}}]
    assert environment({"name": "password", "value": "other"}, envFrom=whole) == {
        "S_color": "red",
        "S_size": "big",
        "S_raw": "\x00",
        "password": "other",
    }


@pytest.mark.parametrize(
    ("value_from", "message"),
    [
        ({"configMapKeyRef": {"name": "gone", "key": "x"}}, 'configmap "gone" not found'),
        ({"secretKeyRef": {"name": "login", "key": "x"}}, "couldn't find key x in Secret shop/login"),
        ({"resourceFieldRef": {"resource": "limits.cpu"}}, "env V of c: valueFrom.resourceFieldRef is not implemented"),
        ({"fieldRef": {"fieldPath": "spec.x"}}, "unsupported fieldPath: spec.x"),
    ],
)
def test_what_cannot_be_had_is_a_configuration_error(value_from: dict[str, Any], message: str) -> None:
    with pytest.raises(CannotStart) as caught:
        environment({"name": "V", "valueFrom": value_from})
    assert (caught.value.reason, caught.value.message) == ("CreateContainerConfigError", message)


def test_services_of_the_namespace_and_the_api_are_variables() -> None:
    services = (
        make_service("my-db", db=5432, admin=8080),
        make_service("other", namespace="elsewhere", http=80),
        make_service("kubernetes", namespace="default", address="10.96.0.1", https=443),
        make_service("headless", address="None", http=80),
    )
    env = environment(services=services)
    assert {key: value for key, value in env.items() if key.startswith("MY_DB")} == {
        "MY_DB_SERVICE_HOST": "10.96.1.1",
        "MY_DB_SERVICE_PORT": "5432",
        "MY_DB_SERVICE_PORT_DB": "5432",
        "MY_DB_SERVICE_PORT_ADMIN": "8080",
        "MY_DB_PORT": "tcp://10.96.1.1:5432",
        "MY_DB_PORT_5432_TCP": "tcp://10.96.1.1:5432",
        "MY_DB_PORT_5432_TCP_PROTO": "tcp",
        "MY_DB_PORT_5432_TCP_PORT": "5432",
        "MY_DB_PORT_5432_TCP_ADDR": "10.96.1.1",
        "MY_DB_PORT_8080_TCP": "tcp://10.96.1.1:8080",
        "MY_DB_PORT_8080_TCP_PROTO": "tcp",
        "MY_DB_PORT_8080_TCP_PORT": "8080",
        "MY_DB_PORT_8080_TCP_ADDR": "10.96.1.1",
    }
    assert env["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert not any(key.startswith(("OTHER", "HEADLESS")) for key in env)


def test_service_links_can_be_switched_off_but_the_api_stays() -> None:
    pod = POD | {"spec": {"enableServiceLinks": False}}
    services = (make_service("db", db=5432), make_service("kubernetes", namespace="default", https=443))
    assert {key.split("_")[0] for key in environment(pod=pod, services=services)} == {"KUBERNETES"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web-1"),
        ("metadata.namespace", "shop"),
        ("metadata.uid", "u1"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['none']", ""),
        ("metadata.labels", 'a="x\\"y"\napp="web"'),
        ("metadata.annotations", 'note="n"'),
        ("spec.nodeName", "local"),
        ("spec.serviceAccountName", "default"),
        ("status.podIPs", "10.244.0.7"),
        ("status.hostIP", "10.244.0.1"),
    ],
)
def test_fields_of_the_downward_api(path: str, value: str) -> None:
    assert field_value(path, POD) == value


def test_all_config_maps_and_secrets_that_a_pod_names_are_found() -> None:
    container = {
        "name": "c",
        "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
        "env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "c", "key": "k"}}}, {"name": "Y", "value": "1"}],
    }
    volumes = [
        {"name": "v1", "configMap": {"name": "d"}},
        {"name": "v2", "secret": {"secretName": "e"}},
        {"name": "v3", "projected": {"sources": [{"configMap": {"name": "f"}}, {"secret": {"name": "g"}}, {"downwardAPI": {}}]}},
    ]
    pod = {"spec": {"containers": [container], "volumes": volumes}}
    assert named_sources(pod) == {
        ("ConfigMap", "a"),
        ("Secret", "b"),
        ("Secret", "c"),
        ("ConfigMap", "d"),
        ("Secret", "e"),
        ("ConfigMap", "f"),
        ("Secret", "g"),
    }


def test_data_is_decoded() -> None:
    assert data_of(SETTINGS) == {"color": b"red", "size": b"big", "raw": b"\x00"}
    assert data_of(PASSWORD) == {"password": b"s3cret"}
    assert service_variables({"metadata": {"name": "x"}, "spec": {}}) == {}
