from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from hauberk.controllers.actions import Action, Create, Delete
from hauberk.k8s import core
from tests.unit.controllers.builders import make_pod


def test_equal_actions_are_equal() -> None:
    assert Create(core.POD, make_pod("p")) == Create(core.POD, make_pod("p"))
    assert Create(core.POD, make_pod("p")) != Create(core.POD, make_pod("q"))


def test_actions_cannot_be_changed_once_planned() -> None:
    action = Delete(core.POD, "bookinfo", "p", "uid-p")
    with pytest.raises(FrozenInstanceError):
        action.name = "q"  # type: ignore[misc]  # that is what is tested


def test_every_action_is_data_with_a_docstring() -> None:
    for action in get_args(Action):
        assert fields(action)
        assert action.__doc__
