import json
from pathlib import Path

from tests.unit.cli.conftest import Hauberk


def test_a_mesh_is_shown_as_a_tree_with_where_it_comes_from(hauberk: Hauberk, mesh: str) -> None:
    namespace, _ = mesh.split("/")
    typed = hauberk("ca", "show", "-n", namespace)
    lines = typed.out.splitlines()
    assert (typed.code, lines[:2]) == (0, [f"{mesh}  trust domain cluster.local", f"  CA from Secret {namespace}/cacerts (plugged in)"])
    assert [line.split(" CN=")[0] for line in lines if " CN=" in line] == ["  root", "  └─ intermediate"]
    assert "Workloads" not in typed.out


def test_json_has_the_same(hauberk: Hauberk, mesh: str, certs: Path) -> None:
    (facts,) = json.loads(hauberk("ca", "show", "--mesh", mesh, "-o", "json").out)
    checked = json.loads(hauberk("ca", "verify", str(certs), "-o", "json").out)
    assert facts["mesh"] == mesh
    assert facts["chain"] == checked["chain"]
    assert (facts["source"], facts["other_trusted_roots"], facts["findings"]) == ("plugged in", [], [])


def test_a_root_that_is_trusted_besides_is_shown(hauberk: Hauberk, mesh: str, certs: Path, tmp_path: Path) -> None:
    namespace, _ = mesh.split("/")
    hauberk("ca", "make-root", str(tmp_path / "other"))
    both = (certs / "root-cert.pem").read_text() + (tmp_path / "other" / "root-cert.pem").read_text()
    patch = json.dumps({"data": {"root-cert.pem": both}})
    assert hauberk("patch", "cm/istio-ca-root-cert", "-n", namespace, "--type", "merge", "-p", patch).code == 0
    (facts,) = json.loads(hauberk("ca", "show", "--mesh", mesh, "-o", "json").out)
    assert len(facts["other_trusted_roots"]) == 1
    assert "  Workloads also trust:\n  root CN=Root CA " in hauberk("ca", "show", "--mesh", mesh).out


def test_a_ca_that_cannot_be_used_is_shown_with_the_reasons_and_the_roots_in_use(hauberk: Hauberk, mesh: str) -> None:
    namespace, _ = mesh.split("/")
    assert hauberk("patch", "secret/cacerts", "-n", namespace, "--type", "merge", "-p", '{"data": {"ca-key.pem": null}}').code == 0
    typed = hauberk("ca", "show", "-n", namespace)
    assert typed.code == 0
    assert f'  HBK0401 Secret {namespace}/cacerts, data["ca-key.pem"]: it is missing or empty.' in typed.out
    assert "  It is not taken; the CA that was in use before stays in use.\n  Workloads trust:\n  root " in typed.out


def test_a_mesh_whose_ca_is_not_made_yet_says_so(hauberk: Hauberk, mesh: str) -> None:
    namespace, _ = mesh.split("/")
    hauberk("delete", "-n", namespace, "secret/cacerts", "configmap/istio-ca-root-cert")
    assert "  It is not there yet." in hauberk("ca", "show", "-n", namespace).out


def test_a_mesh_that_is_not_there_is_an_error(hauberk: Hauberk, mesh: str) -> None:
    typed = hauberk("ca", "show", "--mesh", "nowhere/none")
    assert (typed.code, typed.out) == (1, "")
    assert "There is no mesh called none in namespace nowhere." in typed.err
