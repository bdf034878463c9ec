"""Manifests in, Envoy's configuration out, compared as text and read by the real Envoy.

A case is a folder: `input.yaml`, whose first document says which proxy is looked at and what of it is kept, and one JSON file for
each part that is kept. Every resource of the proxy is given to Envoy, kept or not. `base.yaml` is in every case.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.envoy.mesh_resources import build_resources
from hauberk.envoy.render import RenderedResources, render_resources
from hauberk.k8s.parse_mesh import parse_mesh_settings
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.view.apply import apply
from hauberk.view.manifests import parse_change
from hauberk.view.mesh_view import empty_view
from tests.golden.static import static_bootstrap, validate

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("cases/*/input.yaml"))


def read_documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def build(case: Path) -> tuple[dict[str, list[str]], Proxy, RenderedResources]:
    """(what to keep by section, the proxy, all its resources)."""
    head, *objects = read_documents(case / "input.yaml")
    documents = [*read_documents(HERE / "base.yaml"), *objects]
    kinds = {document["kind"]: document for document in documents}
    settings = parse_mesh_settings(kinds["ServiceMeshControlPlane"], kinds["ServiceMeshMemberRoll"])
    changes = [change for change in map(parse_change, documents) if change is not None]
    view, _ = apply(empty_view(settings), changes)
    namespace, _, name = head["proxy"].partition("/")
    workload = view.workload(namespace, name)
    assert workload is not None
    proxy = Proxy.of(ProxyKind(head.get("role", "sidecar")), workload)
    return head["keep"], proxy, render_resources(build_resources(view, proxy))


def kept(resources: RenderedResources, section: str, wanted: list[str]) -> list[dict[str, Any]]:
    """The resources of a section whose names contain one of the wanted texts."""
    names = [str(resource.get("name", resource.get("cluster_name"))) for resource in resources[section]]
    return [resource for name, resource in zip(names, resources[section], strict=True) if any(text in name for text in wanted)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_configuration_is_as_it_was_agreed(case: Path, update: bool) -> None:
    keep, _, resources = build(case)
    for section, wanted in keep.items():
        text = json.dumps(kept(resources, section, wanted), indent=1, sort_keys=True) + "\n"
        expected = case / f"{section}.json"
        if update:
            expected.write_text(text)
        assert text.splitlines() == expected.read_text().splitlines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_envoy_accepts_it(case: Path, tmp_path: Path) -> None:
    _, proxy, resources = build(case)
    bootstrap = build_bootstrap(BootstrapInputs(proxy, "istio-system", "basic"))
    validate(static_bootstrap(bootstrap, resources), tmp_path)


def test_every_expected_file_belongs_to_a_case_that_keeps_it() -> None:
    expected = {path for case in CASES for path in case.glob("*.json")}
    assert expected == {case / f"{section}.json" for case in CASES for section in build(case)[0]}
