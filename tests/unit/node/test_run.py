"""What joins the node's parts; the whole is run in tests/netns/test_node.py."""

import asyncio
import inspect
from typing import Any

import pytest

from hauberk.errors import BugError
from hauberk.node.run import DRAIN, LinuxLauncher, run_node


def test_a_container_of_another_launcher_is_not_entered(world: Any) -> None:
    async def story() -> None:
        process = await world.launcher.execute(None, ["true"])
        with pytest.raises(BugError):
            await LinuxLauncher().execute(process, ["true"])
        await process.wait()

    asyncio.run(story())


def test_the_node_is_told_everything_by_name() -> None:
    parameters = inspect.signature(run_node).parameters
    assert list(parameters) == ["client", "paths", "images", "agent", "http_socket", "stop"]
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert DRAIN.total_seconds() == 10
