from typing import Any

import pytest

from hauberk.k8s.builtin.pod_defaults import complete_pod, complete_template

CONTAINER = {
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
SPEC = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}


def toleration(trouble: str) -> dict[str, Any]:
    return {"effect": "NoExecute", "key": f"node.kubernetes.io/{trouble}", "operator": "Exists", "tolerationSeconds": 300}


def test_a_pod_is_completed_as_a_real_api_server_does() -> None:
    pod: dict[str, Any] = {"spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    complete_pod(pod)
    assert pod == {
        "spec": {
            **SPEC,
            "containers": [{"name": "c", "image": "x:1"} | CONTAINER],
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
            "priority": 0,
            "serviceAccount": "default",
            "serviceAccountName": "default",
            "tolerations": [toleration("not-ready"), toleration("unreachable")],
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def test_completing_again_changes_nothing() -> None:
    pod: dict[str, Any] = {
        "spec": {"containers": [{"name": "c", "image": "x", "resources": {"limits": {"cpu": 1}}}], "volumes": [{"name": "v"}]}
    }
    complete_pod(pod)
    once = repr(pod)
    complete_pod(pod)
    assert repr(pod) == once


def test_a_template_gets_no_account_and_no_tolerations() -> None:
    template: dict[str, Any] = {"spec": {"containers": [], "serviceAccountName": "shop"}}
    complete_template(template)
    assert template == {"spec": SPEC | {"containers": [], "serviceAccountName": "shop", "serviceAccount": "shop"}}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"),
    ],
)
def test_images_without_a_tag_are_always_pulled(image: str, policy: str) -> None:
    template = {"spec": {"containers": [{"name": "c", "image": image}]}}
    complete_template(template)
    assert template["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_parts_of_a_container() -> None:
    container: dict[str, Any] = {
        "image": "x:1",
        "ports": [{"containerPort": 80}],
        "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, {"name": "A", "value": "b"}],
        "readinessProbe": {"httpGet": {"port": 80}},
        "livenessProbe": {"grpc": {"port": 80}, "periodSeconds": 3},
        "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
    }
    complete_template({"spec": {"containers": [container]}})
    probe = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    assert container == CONTAINER | {
        "image": "x:1",
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP", "apiVersion": "v1"}}}, {"name": "A", "value": "b"}],
        "readinessProbe": probe | {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}},
        "livenessProbe": probe | {"grpc": {"port": 80, "service": ""}, "periodSeconds": 3},
        "lifecycle": {"preStop": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}}},
    }


def test_volumes() -> None:
    volumes: list[dict[str, Any]] = [
        {"name": "a"},
        {"name": "b", "secret": {"secretName": "s"}},
        {"name": "c", "configMap": {"name": "c", "defaultMode": 256}},
        {"name": "d", "hostPath": {"path": "/x"}},
        {"name": "e", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
        {"name": "f", "downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ]
    complete_template({"spec": {"volumes": volumes}})
    assert volumes == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
        {"name": "c", "configMap": {"name": "c", "defaultMode": 256}},
        {"name": "d", "hostPath": {"path": "/x", "type": ""}},
        {"name": "e", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}},
        {
            "name": "f",
            "downwardAPI": {"defaultMode": 420, "items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}]},
        },
    ]


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}}, "Burstable"),
    ],
)
def test_quality_of_service(resources: dict[str, Any], word: str) -> None:
    pod: dict[str, Any] = {"spec": {"containers": [{"name": "c", "image": "x", "resources": resources}]}}
    complete_pod(pod)
    assert pod["status"]["qosClass"] == word
