"""The curl-like client: flags to a request, answers to output and exit codes, and counting through many requests."""

import subprocess
import sys
import threading

import pytest

from hauberk.samples.client import Answer, Call, FetchError, fetch
from hauberk.samples.curl import Tally, call_from, exit_code_of, expand_format, parse_arguments, repeat
from hauberk.samples.web import Request, Response


def call_of(*arguments: str) -> Call:
    return call_from(parse_arguments(list(arguments)))


def statuses(request: Request) -> Response:
    """`/404` answers 404."""
    return Response(b"hello\n", int(request.path.strip("/") or 200), "text/plain")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "hauberk.samples.curl", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["http://h/"], Call("http://h/", "GET", (("User-Agent", "hauberk-curl"),))),
        (["-I", "h"], Call("h", "HEAD", (("User-Agent", "hauberk-curl"),))),
        (["-X", "DELETE", "-H", "user-agent: me", "-m", "5", "h"], Call("h", "DELETE", (("user-agent", "me"),), timeout_seconds=5)),
        (
            ["-d", "a=b", "h"],
            Call("h", "POST", (("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "hauberk-curl")), b"a=b"),
        ),
    ],
)
def test_flags_become_a_request(arguments: list[str], call: Call) -> None:
    assert call_of(*arguments) == call


def test_an_unknown_flag_is_wrong_usage(capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_of("--proxy-header", "x", "h")
    assert "unrecognized arguments" in capsys.readouterr().err


def test_an_https_url_brings_a_context_that_verifies_unless_told_not_to() -> None:
    verifying, insecure = call_of("https://h/").tls, call_of("-k", "https://h/").tls
    assert verifying is not None
    assert insecure is not None
    assert (verifying.check_hostname, insecure.check_hostname) == (True, False)


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (TimeoutError(), 28),
        (ConnectionRefusedError(), 7),
        (OSError(113, "No route to host"), 7),
        (ConnectionResetError(), 56),
        (None, 2),
    ],
)
def test_exit_codes_are_curls(cause: Exception | None, code: int) -> None:
    error = FetchError("x")
    error.__cause__ = cause
    assert exit_code_of(error) == code


def test_an_unknown_host_is_a_6() -> None:
    with pytest.raises(FetchError) as failed:
        fetch(Call("http://no-such-host.invalid/"))
    assert exit_code_of(failed.value) == 6


def test_a_format_is_filled() -> None:
    answer = Answer(200, "OK", (), b"12345", "TCP")
    assert expand_format(r"%{http_code} %{size_download} %{time_total}\n", answer, 0.25) == "200 5 0.250000\n"


def test_the_program_prints_as_curl_does(serve, free_port: int) -> None:
    url = f"http://127.0.0.1:{serve(statuses)}"
    ok = run("-s", "-w", r"%{http_code}\n", url)
    assert (ok.returncode, ok.stdout, ok.stderr) == (0, "hello\n200\n", "")
    assert run("-i", url).stdout.startswith("HTTP/1.1 200 OK\nContent-Type: text/plain\n")
    assert "< HTTP/1.1 404 Not Found" in run("-v", f"{url}/404").stderr
    failed = run("-s", "-f", f"{url}/404")
    assert (failed.returncode, failed.stdout) == (22, "")
    refused = run("-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{free_port}/")
    assert (refused.returncode, refused.stdout) == (7, "000")
    assert refused.stderr.startswith("curl: (7) 127.0.0.1:")


def test_repeated_requests_are_counted_by_what_became_of_them(serve, free_port: int) -> None:
    port = serve(statuses)
    stop = threading.Event()
    assert repeat(Call(f"http://127.0.0.1:{port}/"), 5, 0.0, stop) == Tally(5, 5)
    assert repeat(Call(f"http://127.0.0.1:{port}/500"), 2, 0.0, stop) == Tally(2, 0, 2, 0, "status 500")
    lost = repeat(Call(f"http://127.0.0.1:{free_port}/"), 2, 0.0, stop)
    assert (lost.sent, lost.failed) == (2, 2)
    assert str(lost).startswith("sent 2 answered 0 refused 0 failed 2 (127.0.0.1:")
    stop.set()
    assert repeat(Call(f"http://127.0.0.1:{port}/"), 0, 0.0, stop) == Tally()


def test_a_repetition_says_by_its_exit_status_whether_anything_was_lost(serve) -> None:
    url = f"http://127.0.0.1:{serve(statuses)}"
    good = run("--repeat", "3", "--interval", "0", url)
    assert (good.returncode, good.stdout) == (0, "sent 3 answered 3 refused 0 failed 0\n")
    assert run("--repeat", "3", "--interval", "0", f"{url}/500").returncode == 56
