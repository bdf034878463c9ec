"""The demo's story as a test: every fact that it prints is checked by the demo itself, which ends with 0 only if all held."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.netns.instance import cause_of_no_namespaces

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]


def test_every_fact_of_the_story_holds_and_nothing_is_left(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "hauberk", "demo", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=380, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "facts held, none failed." in told
    assert "✗" not in told
    for fact in (
        "three PeerAuthentications, default is PERMISSIVE",
        "all three versions of reviews answer",
        "the client without a sidecar is answered",
        "three PeerAuthentications, default is STRICT",
        "the same client is refused",
        "DISABLE towards a STRICT server fails",
        "MUTUAL: the client certificate lab-client arrives",
        "details shows three certificates: leaf, issuing CA, root",
        "the second is ca-cert.pem and the third is root-cert.pem, byte for byte",
        "books2 does not reach details of bookinfo, which is STRICT",
        "bookinfo does not reach details of books2, which is STRICT",
        "no network link is left",
    ):
        assert f"✓ {fact}" in told, told
    assert told.count("requests ran through the change, 0 were lost") == 2
    assert list(tmp_path.rglob("*")) == [tmp_path / "hauberk"]
