"""Runs one coroutine of a test file as the node: in fresh namespaces, with a started NodeNetwork. See conftest.py.

python run_in_node.py FILE FUNCTION      exit status 0 passed, 3 the machine forbids namespaces, else failed
"""

import importlib.util
import sys
from pathlib import Path

import uvloop

from hauberk.errors import EnvironmentProblem
from hauberk.node.linux.namespaces import run_in_node_namespaces


def main() -> int:
    from hauberk.node.linux.network import NodeNetwork

    path, function = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # for what tests share
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    async def body() -> None:
        network = NodeNetwork()
        await network.start()
        await getattr(module, function)(network)
        await network.close()

    uvloop.run(body())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run_in_node_namespaces(main))
    except EnvironmentProblem as problem:
        print(problem)
        sys.exit(3)
