"""The manifests that come with the package: what they hold fits together, and each image has a program."""

from importlib import resources

import pytest
import yaml

from hauberk.samples.images import program_for


def objects(name: str) -> list[dict]:
    text = resources.files("hauberk.samples").joinpath(name).read_text()
    return [document for document in yaml.safe_load_all(text) if document]


def names(kind: str, *files: str) -> list[str]:
    return sorted(each["metadata"]["name"] for file in files for each in objects(file) if each["kind"] == kind)


def test_bookinfo_has_upstreams_objects() -> None:
    apps = ["details", "productpage", "ratings", "reviews"]
    assert names("Service", "bookinfo.yaml") == apps
    assert names("ServiceAccount", "bookinfo.yaml") == [f"bookinfo-{app}" for app in apps]
    assert names("Deployment", "bookinfo.yaml") == ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"]
    assert names("Gateway", "bookinfo-gateway.yaml") == ["bookinfo-gateway"]
    assert names("VirtualService", "bookinfo-gateway.yaml") == ["bookinfo"]
    assert names("DestinationRule", "destination-rules.yaml") == apps


@pytest.mark.parametrize("deployment", [each for each in objects("bookinfo.yaml") if each["kind"] == "Deployment"])
def test_a_deployment_is_injected_runs_as_its_account_and_has_a_program(deployment: dict) -> None:
    template = deployment["spec"]["template"]
    app = template["metadata"]["labels"]["app"]
    assert template["metadata"]["annotations"] == {"sidecar.istio.io/inject": "true"}
    assert deployment["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    assert template["spec"]["serviceAccountName"] == f"bookinfo-{app}"
    assert [program_for(container["image"]) is not None for container in template["spec"]["containers"]] == [True]


def test_each_subset_is_a_version_that_runs() -> None:
    running = {
        (labels["app"], labels["version"])
        for each in objects("bookinfo.yaml")
        if each["kind"] == "Deployment"
        for labels in [each["spec"]["template"]["metadata"]["labels"]]
    }
    rules = objects("destination-rules.yaml")
    assert {(rule["spec"]["host"], subset["labels"]["version"]) for rule in rules for subset in rule["spec"]["subsets"]} == running
    assert {rule["spec"]["trafficPolicy"]["tls"]["mode"] for rule in rules} == {"ISTIO_MUTUAL"}
