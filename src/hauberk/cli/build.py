"""`hauberk build`: what one Envoy would get, from files alone."""

import sys
from typing import Annotated

import typer

from hauberk.cli.session import Filename, Recursive

__all__ = ["build"]


def build(
    filename: Filename,
    proxy: Annotated[str, typer.Option("--proxy", metavar="NS/POD", help="A Pod, or a workload whose template stands for its pods.")],
    output: Annotated[str, typer.Option("--output", "-o", help="json or yaml.")] = "json",
    recursive: Recursive = False,
) -> None:
    """Print the configuration that one Envoy would get, without a cluster: bootstrap, listeners, clusters, routes, endpoints, secrets.

    Secrets are names and validation only, never a key. Where the files hold no ServiceMeshControlPlane, the mesh is Istio's default.

    Example: hauberk build -f manifests/ --proxy bookinfo/reviews-v1 -o json
    """
    from importlib.metadata import version  # noqa: PLC0415

    from hauberk.cli.manifests import read_manifests  # noqa: PLC0415
    from hauberk.cli.render import render_value  # noqa: PLC0415
    from hauberk.cli.usage import UsageError  # noqa: PLC0415
    from hauberk.runtime.offline import build_proxy, read_mesh  # noqa: PLC0415 - imports protobufs

    namespace, slash, name = proxy.partition("/")
    if not slash or not namespace or not name:
        raise UsageError(f"--proxy {proxy}: write NAMESPACE/POD, such as bookinfo/reviews-v1.")
    mesh = read_mesh((manifest for _, manifest in read_manifests(filename, recursive=recursive)), namespace, version=version("hauberk"))
    for sentence in mesh.unused:
        print(f"Warning: {sentence}", file=sys.stderr)
    sys.stdout.write(render_value(build_proxy(mesh, namespace, name), output))
