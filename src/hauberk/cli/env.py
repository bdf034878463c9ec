"""`hauberk env`: point kubectl at an instance."""

import shlex

import typer

from hauberk.cli.options import Name, paths_of
from hauberk.errors import NotFoundError

__all__ = ["env"]


def env(name: Name = "default") -> None:
    """Print the shell line that points kubectl, oc and hauberk at the mesh's API.

    Example: eval "$(hauberk env)"
    """
    paths = paths_of(name)
    if not paths.kubeconfig.exists():
        raise NotFoundError(f"There is no instance {name!r}. Start it: hauberk up --detach --name {name}")
    typer.echo(f"export KUBECONFIG={shlex.quote(str(paths.kubeconfig))}")
