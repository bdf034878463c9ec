"""The node process: in namespaces of its own, behind a first process that reaps, joined with the workload agent.

Run by the supervisor as `python -m hauberk.runtime.node`. The outer process stays small: what is heavy is imported inside.
"""

import os
import signal
import sys

from hauberk.node.linux.namespaces import run_in_node_namespaces
from hauberk.runtime.process import ProcessArguments, die_with_parent, parse_arguments

__all__ = ["main"]


def main() -> int:
    """Enter the namespaces and be the node there; answers the exit status."""
    arguments = parse_arguments(sys.argv[1:])
    die_with_parent(signal.SIGTERM)  # until the namespaces are entered, which bind our life more tightly
    run = arguments.settings.paths.run
    keep = (run,) if run.is_relative_to("/run") else ()
    return run_in_node_namespaces(lambda: _inside(arguments), inherit_fds=(arguments.listener_fd, arguments.ready_fd), keep=keep)


def _inside(arguments: ProcessArguments) -> int:
    import uvloop  # noqa: PLC0415 - not in the outer process

    from hauberk.errors import HauberkError  # noqa: PLC0415
    from hauberk.runtime.logs import configure_logging  # noqa: PLC0415
    from hauberk.runtime.node_loop import serve_node  # noqa: PLC0415

    configure_logging("node")
    try:
        uvloop.run(serve_node(arguments))
    except HauberkError as error:
        arguments.tell(event="failed", message=str(error))
        return error.exit_code
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
