import json

import pytest
import structlog

from hauberk.runtime.logs import configure_logging


def test_a_line_in_a_file_is_json_with_time_level_and_process(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        configure_logging("node")
        structlog.get_logger().warning("pod gone", pod="a/b")
        line = json.loads(capsys.readouterr().err)
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"process": "node", "pod": "a/b", "event": "pod gone", "level": "warning"}
