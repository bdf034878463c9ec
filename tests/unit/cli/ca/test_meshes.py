import asyncio
from datetime import UTC, datetime

import pytest

from hauberk.cli.ca.meshes import MeshCa, find_meshes, read_mesh
from hauberk.cli.session import open_session
from hauberk.errors import NotFoundError
from hauberk.k8s.kind import name_of, namespace_of
from tests.unit.cli.conftest import Hauberk


def find(mesh: str, namespace: str | None = None) -> list[str]:
    async def ask() -> list[str]:
        async with open_session(None, namespace) as session:
            return [f"{namespace_of(plane)}/{name_of(plane)}" for plane in await find_meshes(session, mesh)]

    return asyncio.run(ask())


def read(namespace: str) -> MeshCa:
    async def ask() -> MeshCa:
        async with open_session(None, namespace) as session:
            (smcp,) = await find_meshes(session, "")
            return await read_mesh(session, smcp, now=datetime.now(UTC))

    return asyncio.run(ask())


def test_a_mesh_is_found_by_its_namespace_or_its_name(mesh: str) -> None:
    namespace, _ = mesh.split("/")
    assert mesh in find("")
    assert find("", namespace) == find(mesh) == find("basic", namespace) == [mesh]


def test_a_mesh_that_is_not_there_is_told_with_where_it_was_looked_for(mesh: str) -> None:
    namespace, _ = mesh.split("/")
    with pytest.raises(NotFoundError, match=f"There is no mesh called other in namespace {namespace}"):
        find(f"{namespace}/other")


def test_of_two_control_planes_in_a_namespace_the_older_is_the_mesh(mesh: str, hauberk: Hauberk) -> None:
    namespace, _ = mesh.split("/")
    second = "apiVersion: maistra.io/v2\nkind: ServiceMeshControlPlane\nmetadata: {name: zz}\nspec: {version: v2.1}\n"
    assert hauberk("apply", "-n", namespace, "-f", "-", stdin=second).code == 0
    assert find("", namespace) == [mesh]


def test_a_mesh_has_the_ca_of_its_secret_and_the_roots_of_its_config_map(mesh: str, hauberk: Hauberk) -> None:
    namespace, _ = mesh.split("/")
    found = read(namespace)
    assert (str(found.mesh), found.trust_domain, found.choice.secret, found.choice.findings) == (mesh, "cluster.local", "cacerts", ())
    assert found.choice.ca is not None
    assert found.roots is not None
    hauberk("delete", "-n", namespace, "secret/cacerts", "configmap/istio-ca-root-cert")
    bare = read(namespace)
    assert (bare.choice.secret, bare.choice.ca, bare.roots) == ("istio-ca-secret", None, None)
