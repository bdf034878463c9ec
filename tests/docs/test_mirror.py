"""tests/unit mirrors src file by file; a missing twin fails in either direction."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "hauberk"
UNIT = ROOT / "tests" / "unit"

TESTED_ELSEWHERE = {
    "__main__.py": "tests/netns/instance.py: every command is started through it",
    "cli/demo/command.py": "tests/netns/test_demo.py",
    "cli/demo/play.py": "tests/netns/test_demo.py",
    "cli/demo/story.py": "tests/netns/test_demo.py",
    **{f"cli/demo/steps/{step}.py": "tests/netns/test_demo.py" for step in ("begin", "facts", "flip", "modes", "own_ca")},
    "runtime/control_plane.py": "tests/netns/test_mesh.py",
    "runtime/node.py": "tests/netns/test_mesh.py",
    "runtime/node_loop.py": "tests/netns/test_mesh.py",
}
"""Modules that a unit test cannot hold, with where they are tested."""


def modules() -> set[Path]:
    return {path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py"}


def twins() -> set[Path]:
    found = {path.relative_to(UNIT) for path in UNIT.rglob("test_*.py")}
    return {path.with_name(path.name.removeprefix("test_")) for path in found}


def test_every_module_has_its_unit_test() -> None:
    assert sorted(str(path) for path in modules() - twins() if str(path) not in TESTED_ELSEWHERE) == []


def test_what_is_tested_elsewhere_is_really_there() -> None:
    assert [place for place in TESTED_ELSEWHERE.values() if not (ROOT / place.partition(":")[0]).exists()] == []


def test_every_unit_test_has_its_module() -> None:
    assert sorted(str(path) for path in twins() - modules()) == []
