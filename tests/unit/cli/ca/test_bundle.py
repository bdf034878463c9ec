import json
from pathlib import Path

import orjson
import yaml

from tests.unit.cli.conftest import Hauberk


def test_the_bundle_is_the_pem_of_the_roots_and_nothing_else(hauberk: Hauberk, mesh: str, certs: Path) -> None:
    typed = hauberk("ca", "bundle", "--mesh", mesh)
    assert (typed.out, typed.code) == ((certs / "root-cert.pem").read_text(), 0)


def test_json_and_yaml_have_the_facts_beside_the_pem(hauberk: Hauberk, mesh: str, certs: Path) -> None:
    facts = json.loads(hauberk("ca", "bundle", "--mesh", mesh, "-o", "json").out)
    (root,) = facts["roots"]
    assert (facts["mesh"], root["spiffe_id"], root["pem"]) == (mesh, "spiffe://cluster.local", (certs / "root-cert.pem").read_text())
    assert yaml.safe_load(hauberk("ca", "bundle", "--mesh", mesh, "-o", "yaml").out) == facts


def test_of_several_meshes_one_must_be_named(hauberk: Hauberk, mesh: str) -> None:
    second = {"apiVersion": "maistra.io/v2", "kind": "ServiceMeshControlPlane", "metadata": {"name": "other"}, "spec": {"version": "v2.1"}}
    namespace = f"{mesh.split('/', maxsplit=1)[0]}-two"
    hauberk("create", "namespace", namespace)
    hauberk("apply", "-n", namespace, "-f", "-", stdin=orjson.dumps(second).decode())
    typed = hauberk("ca", "bundle")
    assert (typed.code, typed.out) == (1, "")
    assert mesh in typed.err
    assert "Say which: --mesh NAMESPACE/NAME" in typed.err


def test_roots_that_were_not_handed_out_yet_are_an_error(hauberk: Hauberk, mesh: str) -> None:
    hauberk("delete", "-n", mesh.split("/", maxsplit=1)[0], "configmap/istio-ca-root-cert")
    typed = hauberk("ca", "bundle", "--mesh", mesh)
    assert (typed.code, typed.out) == (1, "")
    assert f"Mesh {mesh} has not handed out its roots yet." in typed.err
