"""What a pod's runner is given fits what the kernel's side offers."""

import inspect

from hauberk.node.linux.container import RunningContainer
from hauberk.node.linux.network import NodeNetwork
from hauberk.node.pod.surroundings import Launcher, PodNetworks, ProcessHandle


def test_the_kernels_side_has_what_pods_need_of_it() -> None:
    for protocol, real in ((PodNetworks, NodeNetwork), (ProcessHandle, RunningContainer)):
        for name, wanted in inspect.getmembers(protocol, inspect.isfunction):
            if not name.startswith("_"):
                assert list(inspect.signature(wanted).parameters) == list(inspect.signature(getattr(real, name)).parameters)
    assert {name for name, _ in inspect.getmembers(Launcher, inspect.isfunction) if not name.startswith("_")} == {"start", "execute"}
