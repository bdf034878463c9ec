from pathlib import Path

import orjson
import pytest

from hauberk.cli.apply import where_in
from hauberk.client.threeway import LAST_APPLIED
from tests.unit.cli.conftest import Hauberk, Typed

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {a: "1", b: "2"}}
spec:
  replicas: 1
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec:
      containers:
      - {name: one, image: "x:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
      - {name: two, image: "y:1"}
"""
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r}
spec: {host: r, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
"""


def read(hauberk: Hauberk, namespace: str, name: str) -> dict:
    return orjson.loads(hauberk("get", name, "-n", namespace, "-o", "json").out)


def apply(hauberk: Hauberk, namespace: str, text: str) -> Typed:
    return hauberk("apply", "-n", namespace, "-f", "-", stdin=text)


def test_an_object_is_created_then_unchanged_then_configured(namespace: str, hauberk: Hauberk) -> None:
    assert apply(hauberk, namespace, DEPLOYMENT) == Typed("deployment.apps/d created\n")
    assert apply(hauberk, namespace, DEPLOYMENT) == Typed("deployment.apps/d unchanged\n")
    assert apply(hauberk, namespace, DEPLOYMENT.replace("x:1", "x:2")) == Typed("deployment.apps/d configured\n")


def test_what_left_the_manifest_goes_and_what_others_set_stays(namespace: str, hauberk: Hauberk) -> None:
    apply(hauberk, namespace, DEPLOYMENT)
    hauberk("patch", "deploy", "d", "-n", namespace, "-p", '{"metadata":{"labels":{"mine":"yes"}},"spec":{"paused":true}}')
    changed = DEPLOYMENT.replace(', b: "2"', "").replace(', {name: B, value: "2"}', "").replace('      - {name: two, image: "y:1"}\n', "")
    assert apply(hauberk, namespace, changed) == Typed("deployment.apps/d configured\n")
    deployment = read(hauberk, namespace, "deploy/d")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert deployment["metadata"]["labels"] == {"a": "1", "mine": "yes"}
    assert deployment["spec"]["paused"] is True
    assert (container["name"], container["env"]) == ("one", [{"name": "A", "value": "1"}])


def test_the_manifest_is_kept_in_kubectls_annotation(namespace: str, hauberk: Hauberk) -> None:
    apply(hauberk, namespace, RULE)
    kept = read(hauberk, namespace, "dr/r")["metadata"]["annotations"][LAST_APPLIED]
    assert kept == (
        '{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"annotations":{},"name":"r",'
        f'"namespace":"{namespace}"}},"spec":{{"host":"r","trafficPolicy":{{"tls":{{"mode":"ISTIO_MUTUAL"}}}}}}}}\n'
    )


def test_kinds_of_istio_are_merged_as_json(namespace: str, hauberk: Hauberk) -> None:
    apply(hauberk, namespace, RULE)
    assert apply(hauberk, namespace, RULE.replace("ISTIO_MUTUAL", "DISABLE")) == Typed("destinationrule.networking.istio.io/r configured\n")
    assert read(hauberk, namespace, "dr/r")["spec"] == {"host": "r", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}


def test_a_folder_is_applied_in_the_order_of_its_names(namespace: str, hauberk: Hauberk, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(RULE)
    (tmp_path / "a.json").write_text('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}')
    (tmp_path / "notes.txt").write_text("not a manifest")
    typed = hauberk("apply", "-n", namespace, "-f", str(tmp_path))
    assert typed == Typed("configmap/c created\ndestinationrule.networking.istio.io/r created\n")


def test_one_bad_object_does_not_keep_the_others_back(namespace: str, hauberk: Hauberk) -> None:
    bad = RULE.replace("name: r", "name: Bad_Name")
    typed = apply(hauberk, namespace, f"{bad}---{DEPLOYMENT}")
    assert (typed.out, typed.code) == ("deployment.apps/d created\n", 1)
    assert typed.err.startswith('The DestinationRule "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name"')


def test_a_kind_that_is_not_served_is_told_as_kubectl_does(namespace: str, hauberk: Hauberk) -> None:
    typed = apply(hauberk, namespace, RULE.replace("networking.istio.io/v1", "x.example/v1"))
    assert typed.code == 1
    assert typed.err == (
        'error: resource mapping not found for name: "r": no matches for kind "DestinationRule" in version "x.example/v1"\n'
        "ensure CRDs are installed first\n"
    )


def test_a_manifests_own_namespace_must_be_the_one_asked_for(namespace: str, hauberk: Hauberk) -> None:
    typed = apply(hauberk, namespace, RULE.replace("name: r", "name: r, namespace: other"))
    assert typed.code == 1
    assert f'the namespace from the provided object "other" does not match the namespace "{namespace}"' in typed.err


def test_a_selector_takes_only_what_it_matches(namespace: str, hauberk: Hauberk) -> None:
    assert hauberk("apply", "-n", namespace, "-l", "a=1", "-f", "-", stdin=f"{RULE}---{DEPLOYMENT}") == Typed("deployment.apps/d created\n")


def test_a_dry_run_changes_nothing(namespace: str, hauberk: Hauberk) -> None:
    assert hauberk("apply", "-n", namespace, "--dry-run", "server", "-f", "-", stdin=RULE).out.endswith("created (server dry run)\n")
    assert hauberk("get", "dr", "r", "-n", namespace).code == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Error from server (BadRequest): no", 'Error from server (BadRequest): error when applying "f": no'),
        ("Unable to connect", "Unable to connect"),
    ],
)
def test_a_refusal_names_the_file(line: str, expected: str) -> None:
    assert where_in(line, 'error when applying "f": ') == expected
