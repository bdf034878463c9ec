from hauberk.k8s import apps
from tests.unit.k8s.builders import load


def test_the_headers_are_kubectls() -> None:
    wide = ["Containers", "Images", "Selector"]
    assert [column.name for column in apps.DEPLOYMENT.columns] == ["Name", "Ready", "Up-to-date", "Available", "Age", *wide]
    assert [column.name for column in apps.REPLICA_SET.columns] == ["Name", "Desired", "Current", "Ready", "Age", *wide]
    assert [column.name for column in apps.DEPLOYMENT.columns if column.priority] == wide


def test_both_complete_their_template() -> None:
    for kind in apps.KINDS:
        obj = load("{spec: {template: {spec: {containers: [{name: c, image: 'x:1'}]}}}}")
        kind.complete(obj)
        assert obj["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
