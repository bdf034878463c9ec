"""`pytest tests/golden --update` writes the expected files anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what is built now as the expected files of tests/golden")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether to write instead of comparing; the option exists only where this folder was named on the command line."""
    return bool(request.config.getoption("--update", default=False))
