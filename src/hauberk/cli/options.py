"""Options that several commands share, and what they stand for."""

import os
from typing import Annotated

import typer

from hauberk.errors import ConfigError
from hauberk.settings import InstancePaths, instance_paths

__all__ = ["Name", "paths_of"]

Name = Annotated[str, typer.Option("--name", help="Which instance on this machine; each has its own API, meshes and ports.")]


def paths_of(name: str) -> InstancePaths:
    """The folders of the instance. Raises: ConfigError for a name that cannot be a folder's."""
    if not name or len(name) > 63 or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise ConfigError(f"--name {name!r}: use letters, digits, - and _, at most 63.")
    return instance_paths(name, os.environ, uid=os.getuid())
