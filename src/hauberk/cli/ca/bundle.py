"""`hauberk ca bundle`: the roots that a mesh's workloads trust."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hauberk.cli.ca.options import MeshName, Output, print_facts
from hauberk.cli.session import Context, Instance, Namespace, open_session, run
from hauberk.cli.usage import UsageError
from hauberk.errors import NotFoundError

if TYPE_CHECKING:
    from hauberk.cli.ca.meshes import MeshCa

__all__ = ["bundle"]


def bundle(
    namespace: Namespace = None, mesh: MeshName = "", output: Output = "text", context: Context = None, name: Instance = None
) -> None:
    """Print the roots that a mesh's workloads trust, as PEM: what was handed out to them, both roots while one replaces the other.

    Example: hauberk ca bundle -n istio-system > root-cert.pem
    """

    async def command() -> int:
        from hauberk.cli.ca.meshes import find_meshes, read_mesh  # noqa: PLC0415 - keeps `hauberk --help` fast
        from hauberk.k8s.kind import name_of, namespace_of  # noqa: PLC0415

        now = datetime.now(UTC)
        async with open_session(name, namespace, context=context) as session:
            planes = await find_meshes(session, mesh)
            if len(planes) > 1:
                found = ", ".join(f"{namespace_of(plane)}/{name_of(plane)}" for plane in planes)
                raise UsageError(f"there are several meshes: {found}. Say which: --mesh NAMESPACE/NAME")
            _print(await read_mesh(session, planes[0], now=now), output, now)
        return 0

    run(command())


def _print(found: "MeshCa", output: str, now: datetime) -> None:
    from hauberk.cli.ca.describe import certificate_facts  # noqa: PLC0415
    from hauberk.model.identity import TrustDomain  # noqa: PLC0415
    from hauberk.pki.certificates import certificates_to_pem  # noqa: PLC0415
    from hauberk.pki.secrets import bundle_in_config_map  # noqa: PLC0415

    if found.roots is None:
        raise NotFoundError(f"Mesh {found.mesh} has not handed out its roots yet. See why: hauberk ca show --mesh {found.mesh}")
    roots = bundle_in_config_map(found.roots, TrustDomain(found.trust_domain))
    facts = {
        "mesh": str(found.mesh),
        "trust_domain": found.trust_domain,
        "roots": [certificate_facts(root, now=now) | {"pem": certificates_to_pem([root]).decode()} for root in roots.roots],
    }
    print_facts(facts, output, lambda: roots.to_pem().decode().rstrip())
