"""`hauberk ca show`: each mesh's chain, as a tree."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hauberk.cli.ca.options import MeshName, Output, print_facts
from hauberk.cli.session import Context, Instance, Namespace, open_session, run

if TYPE_CHECKING:
    from hauberk.cli.ca.describe import Facts
    from hauberk.cli.ca.meshes import MeshCa

__all__ = ["mesh_facts", "render_mesh", "show"]


def show(namespace: Namespace = None, mesh: MeshName = "", output: Output = "text", context: Context = None, name: Instance = None) -> None:
    """Show each mesh's CA: its certificates from the root down, where they come from, and which roots are trusted besides.

    Example: hauberk ca show -n istio-system
    """

    async def command() -> int:
        from hauberk.cli.ca.meshes import find_meshes, read_mesh  # noqa: PLC0415 - keeps `hauberk --help` fast

        now = datetime.now(UTC)
        async with open_session(name, namespace, context=context) as session:
            meshes = [await read_mesh(session, smcp, now=now) for smcp in await find_meshes(session, mesh)]
        facts = [mesh_facts(one, now=now) for one in meshes]
        print_facts(facts, output, lambda: "\n\n".join(render_mesh(one, now=now) for one in facts))
        return 0

    run(command())


def mesh_facts(found: "MeshCa", *, now: datetime) -> "Facts":
    """One mesh: its name, where its CA comes from, its chain from the root down, roots trusted besides, and findings."""
    from hauberk.cli.ca.describe import certificate_facts, chain_facts  # noqa: PLC0415
    from hauberk.model.identity import TrustDomain  # noqa: PLC0415
    from hauberk.names import CACERTS_SECRET  # noqa: PLC0415
    from hauberk.pki.secrets import bundle_in_config_map  # noqa: PLC0415

    choice = found.choice
    ca = choice.ca
    trusted = bundle_in_config_map(found.roots, TrustDomain(found.trust_domain)).roots if found.roots is not None else ()
    return {
        "mesh": str(found.mesh),
        "trust_domain": found.trust_domain,
        "source": "plugged in" if choice.secret == CACERTS_SECRET else "self-signed",
        "secret": f"{found.mesh.namespace}/{choice.secret}",
        "chain": chain_facts(ca, now=now) if ca is not None else [],
        "other_trusted_roots": [certificate_facts(root, now=now) for root in trusted if ca is None or root not in ca.path],
        "findings": [str(finding) for finding in choice.findings],
    }


def render_mesh(facts: "Facts", *, now: datetime) -> str:
    """One mesh as text."""
    from hauberk.cli.ca.describe import render_tree  # noqa: PLC0415

    lines = [f"{facts['mesh']}  trust domain {facts['trust_domain']}", f"  CA from Secret {facts['secret']} ({facts['source']})"]
    lines += [f"  {finding}" for finding in facts["findings"]]
    if facts["findings"] and not facts["chain"]:
        lines.append("  It is not taken; the CA that was in use before stays in use.")
    elif not facts["chain"]:
        lines.append("  It is not there yet. The mesh makes it: hauberk get smcp -A")
    lines += [f"  {line}" for line in render_tree(facts["chain"], now=now)]
    if facts["other_trusted_roots"]:
        lines.append("  Workloads also trust:" if facts["chain"] else "  Workloads trust:")
        for root in facts["other_trusted_roots"]:
            lines += [f"  {line}" for line in render_tree([root], now=now)]
    return "\n".join(lines)
