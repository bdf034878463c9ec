import json
import os
import signal
import sys
from pathlib import Path

from hauberk.runtime.instance import dump_settings
from hauberk.runtime.process import parse_arguments
from hauberk.settings import InstancePaths, Ports, Settings

SETTINGS = Settings("one", InstancePaths(Path("/s"), Path("/r")), Ports(api=1, http=2))


def test_the_supervisors_command_line_is_understood() -> None:
    reader, writer = os.pipe()
    arguments = parse_arguments([dump_settings(SETTINGS), "--http-fd=5", f"--ready-fd={writer}"])
    assert (arguments.settings, arguments.listener_fd) == (SETTINGS, 5)
    arguments.tell(event="ready", pid=7)
    os.close(writer)
    with os.fdopen(reader) as lines:
        assert json.loads(lines.readline()) == {"event": "ready", "pid": 7}


CHILD = """
import os, signal
from hauberk.runtime.process import die_with_parent
die_with_parent(signal.SIGKILL)
print(os.getpid(), flush=True)
signal.pause()
"""
PARENT = f"""
import os, signal, sys
os.posix_spawn(sys.executable, [sys.executable, "-c", {CHILD!r}], os.environ)
signal.pause()
"""


def test_a_child_dies_with_its_parent_however_that_dies() -> None:
    reader, writer = os.pipe()
    parent = os.posix_spawn(sys.executable, [sys.executable, "-c", PARENT], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
    os.close(writer)
    with os.fdopen(reader) as output:
        assert int(output.readline()) > 0
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert output.read() == ""  # the end of the pipe: nobody holds its other end any more
