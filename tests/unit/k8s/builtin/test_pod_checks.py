import pytest

from hauberk.k8s.apps import DEPLOYMENT
from hauberk.k8s.core import POD
from tests.unit.k8s.builders import errors, update_errors

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


def pod(container: str = "", spec: str = "") -> str:
    return f"{{kind: Pod, spec: {{containers: [{{name: c, image: x{container}}}]{spec}}}}}"


def test_a_plain_pod_is_sound() -> None:
    assert errors(POD, pod()) == []


def test_a_name_that_is_none_breaks_every_place_it_stands_in() -> None:
    paths = [
        path
        for path, _ in errors(POD, "{kind: Pod, metadata: {name: Bad_, labels: {run: Bad_}}, spec: {containers: [{name: Bad_, image: x}]}}")
    ]
    assert sorted(paths) == ["metadata.labels", "metadata.name", "spec.containers[0].name"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{kind: Pod, spec: {}}", [("spec.containers", "Required value")]),
        ("{kind: Pod, spec: {containers: []}}", [("spec.containers", "Required value")]),
        ("{kind: Pod, spec: {containers: [{name: A, image: x}]}}", [("spec.containers[0].name", f'Invalid value: "A": {LABEL}')]),
        ("{kind: Pod, spec: {containers: [{name: c}]}}", [("spec.containers[0].image", "Required value")]),
        ("{kind: Pod, spec: {containers: [{image: x}]}}", [("spec.containers[0].name", "Required value")]),
        (
            "{kind: Pod, spec: {containers: [{name: c, image: x}, {name: c, image: y}]}}",
            [("spec.containers[1].name", 'Duplicate value: "c"')],
        ),
        (
            "{kind: Pod, spec: {initContainers: [{name: c, image: x}], containers: [{name: c, image: y}]}}",
            [("spec.containers[0].name", 'Duplicate value: "c"')],
        ),
        (
            pod(", resources: {requests: {cpu: 2}, limits: {cpu: 1}}"),
            [("spec.containers[0].resources.requests", 'Invalid value: "2": must be less than or equal to cpu limit of 1')],
        ),
        (pod(", resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {cpu: 1, memory: 2000M}}"), []),
        (
            pod(", ports: [{containerPort: 70000, protocol: XX, name: UPPER}, {name: b}]"),
            [
                ("spec.containers[0].ports[1].containerPort", "Required value"),
                (
                    "spec.containers[0].ports[0].name",
                    'Invalid value: "UPPER": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
                ),
                ("spec.containers[0].ports[0].containerPort", "Invalid value: 70000: must be between 1 and 65535, inclusive"),
                ("spec.containers[0].ports[0].protocol", 'Unsupported value: "XX": supported values: "SCTP", "TCP", "UDP"'),
            ],
        ),
        (
            pod(", ports: [{containerPort: 80, name: a}, {containerPort: 81, name: a}]"),
            [("spec.containers[0].ports[1].name", 'Duplicate value: "a"')],
        ),
        (
            pod(", imagePullPolicy: Sometimes"),
            [("spec.containers[0].imagePullPolicy", 'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"')],
        ),
        (
            pod(", env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: x}}}]"),
            [("spec.containers[0].env[0].valueFrom", 'Invalid value: "": may not be specified when `value` is not empty')],
        ),
        (
            pod(spec=", restartPolicy: Sometimes, dnsPolicy: X"),
            [
                ("spec.restartPolicy", 'Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'),
                (
                    "spec.dnsPolicy",
                    'Unsupported value: "X": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
                ),
            ],
        ),
    ],
)
def test_containers(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(POD, text) == expected


@pytest.mark.parametrize(
    ("container", "spec", "expected"),
    [
        (", volumeMounts: [{name: v, mountPath: /v}]", ", volumes: [{name: v}]", []),
        (
            ", volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /v}]",
            ", volumes: [{name: v}]",
            [
                ("spec.containers[0].volumeMounts[1].name", 'Not found: "w"'),
                ("spec.containers[0].volumeMounts[1].mountPath", 'Invalid value: "/v": must be unique'),
            ],
        ),
        (
            "",
            ", volumes: [{name: v, emptyDir: {}, hostPath: {path: /x}}, {name: v}]",
            [
                ("spec.volumes[0].hostPath", "Forbidden: may not specify more than 1 volume type"),
                ("spec.volumes[1].name", 'Duplicate value: "v"'),
            ],
        ),
    ],
)
def test_volumes_and_mounts(container: str, spec: str, expected: list[tuple[str, str]]) -> None:
    assert errors(POD, pod(container, spec)) == expected


def test_the_pods_of_a_template_always_restart() -> None:
    template = "{metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}"
    assert errors(DEPLOYMENT, f"{{kind: Deployment, spec: {{selector: {{matchLabels: {{a: b}}}}, template: {template}}}}}") == [
        ("spec.template.spec.restartPolicy", 'Unsupported value: "Never": supported values: "Always"')
    ]


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (pod(), "{kind: Pod, spec: {containers: [{name: c, image: 'y:2', imagePullPolicy: Always}]}}", False),
        (pod(), pod(spec=", nodeName: local"), False),
        (pod(spec=", nodeName: local"), pod(spec=", nodeName: other"), True),
        (pod(), pod(spec=", hostNetwork: true"), True),
        (pod(), pod(", command: [sh]"), True),
        (pod(), pod(spec=", terminationGracePeriodSeconds: 1"), False),
    ],
)
def test_a_pod_changes_only_in_what_may_change(old: str, new: str, refused: bool) -> None:
    found = update_errors(POD, old, new)
    assert [(path, message.partition("`")[0]) for path, message in found] == (
        [("spec", "Forbidden: pod updates may not change fields other than ")] if refused else []
    )
