"""The command line: one file a command, each a thin edge over the API or an instance on this machine.

Nothing imports it but the entry points; it may import everything. `app.py` names every command.
"""

from hauberk.cli.app import main

__all__ = ["main"]
