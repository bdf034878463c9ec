r"""`hauberk/curl`: a client with curl's most used flags, for machines and sandboxes without curl.

    python -m hauberk.samples.curl -s -m 5 -o /dev/null -w '%{http_code}\n' http://details:9080/details/0
    python -m hauberk.samples.curl --repeat 100 --interval 0.05 http://details:9080/details/0

Exit codes are curl's: 0 answered, 2 usage, 6 no such host, 7 cannot connect, 22 status of 400 or more with -f, 28 timed out, 35 TLS failed,
56 broken off. With `--repeat` it prints a line of counts instead of bodies, and exits 0 only where every request was answered
with a status below 400; it goes on until SIGTERM where the number is 0.
"""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from hauberk.samples.client import Answer, Call, FetchError, fetch

if TYPE_CHECKING:
    import ssl

__all__ = ["Tally", "call_from", "exit_code_of", "expand_format", "main", "parse_arguments", "repeat"]


class Tally(NamedTuple):
    """What became of many requests."""

    sent: int = 0
    answered: int = 0
    """With a status below 400."""
    refused: int = 0
    """With a status of 400 or more."""
    failed: int = 0
    """Without an answer."""
    last_error: str = ""

    def __str__(self) -> str:
        text = f"sent {self.sent} answered {self.answered} refused {self.refused} failed {self.failed}"
        return f"{text} ({self.last_error})" if self.last_error else text


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; wrong usage ends the process with 2."""
    parser = argparse.ArgumentParser(prog="curl", description="A small curl.")
    parser.add_argument("url")
    parser.add_argument("-s", "--silent", action="store_true", help="no error messages")
    parser.add_argument("-S", "--show-error", action="store_true", help="error messages in spite of -s")
    parser.add_argument("-f", "--fail", action="store_true", help="exit 22 where the status is 400 or more, without the body")
    parser.add_argument("-i", "--include", action="store_true", help="print status line and headers before the body")
    parser.add_argument("-I", "--head", action="store_true", help="a HEAD request; prints the headers")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell about the connection on stderr")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="where the body goes")
    parser.add_argument("-w", "--write-out", default="", metavar="FORMAT", help="print after the body, e.g. '%%{http_code}\\n'")
    parser.add_argument("-m", "--max-time", type=float, default=30, metavar="SECONDS", help="longest wait for each step")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("-X", "--request", default="", metavar="METHOD")
    parser.add_argument("-d", "--data", default="", help="a body; makes it a POST")
    parser.add_argument("-k", "--insecure", action="store_true", help="do not verify the server's certificate")
    parser.add_argument("--cacert", metavar="FILE", help="roots to verify the server by, instead of the system's")
    parser.add_argument("--cert", metavar="FILE", help="client certificate (PEM)")
    parser.add_argument("--key", metavar="FILE", help="its private key (PEM)")
    parser.add_argument("--repeat", type=int, metavar="N", help="make N requests (0: until SIGTERM) and print counts")
    parser.add_argument("--interval", type=float, default=0.1, metavar="SECONDS", help="between the starts of two requests of --repeat")
    return parser.parse_args(arguments)


def call_from(options: argparse.Namespace) -> Call:
    """The request that the command line describes. Raises: OSError - a certificate file cannot be read."""
    headers = [_split_header(header) for header in options.header]
    body = options.data.encode()
    method = options.request or ("HEAD" if options.head else "POST" if body else "GET")
    names = {name.lower() for name, _ in headers}
    if body and "content-type" not in names:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    if "user-agent" not in names:
        headers.append(("User-Agent", "hauberk-curl"))
    tls = _tls_context(options) if options.url.startswith("https:") else None
    return Call(options.url, method, tuple(headers), body, options.max_time, tls)


def _split_header(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name.strip(), value.strip()


def _tls_context(options: argparse.Namespace) -> "ssl.SSLContext":
    import ssl  # noqa: PLC0415 - half of the start time, and most calls are plaintext

    context = ssl.create_default_context(cafile=options.cacert)
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.cert:
        context.load_cert_chain(options.cert, options.key)
    return context


def exit_code_of(error: FetchError) -> int:
    """Curl's exit code for a failed request."""
    cause = error.__cause__
    if isinstance(cause, socket.gaierror):
        return 6
    if isinstance(cause, TimeoutError):
        return 28
    if isinstance(cause, ConnectionRefusedError) or (isinstance(cause, OSError) and cause.errno in {101, 111, 113}):
        return 7
    if type(cause).__module__ == "ssl":
        return 35
    return 56 if cause is not None else 2


def expand_format(template: str, answer: Answer, seconds: float) -> str:
    """Curl's `-w`: the variables that people use, and its escapes."""
    variables = {
        "http_code": f"{answer.status:03}",
        "response_code": f"{answer.status:03}",
        "size_download": str(len(answer.body)),
        "time_total": f"{seconds:.6f}",
    }
    for name, value in variables.items():
        template = template.replace(f"%{{{name}}}", value)
    return template.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")


def repeat(call: Call, times: int, interval_seconds: float, stop: threading.Event) -> Tally:
    """Make `times` requests (0: until `stop` is set), each due an interval after the one before, whether that was answered or not."""
    tally = Tally()
    started = time.monotonic()
    while (times == 0 or tally.sent < times) and not stop.wait(max(0.0, started + tally.sent * interval_seconds - time.monotonic())):
        tally = _count(tally._replace(sent=tally.sent + 1), call)
    return tally


def _count(tally: Tally, call: Call) -> Tally:
    try:
        status = fetch(call).status
    except FetchError as error:
        return tally._replace(failed=tally.failed + 1, last_error=str(error))
    if status >= 400:
        return tally._replace(refused=tally.refused + 1, last_error=f"status {status}")
    return tally._replace(answered=tally.answered + 1)


def _run_repeatedly(call: Call, options: argparse.Namespace) -> int:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    tally = repeat(call, options.repeat, options.interval, stop)
    sys.stdout.write(f"{tally}\n")
    return 0 if tally.answered == tally.sent else 56


def _run_once(call: Call, options: argparse.Namespace) -> int:
    started = time.monotonic()
    try:
        answer = fetch(call)
    except FetchError as error:
        code = exit_code_of(error)
        if not options.silent or options.show_error:
            sys.stderr.write(f"curl: ({code}) {error}\n")
        if options.write_out:
            nothing = Answer(0, "", (), b"", "")
            sys.stdout.write(expand_format(options.write_out, nothing, time.monotonic() - started))
        return code
    _show(answer, options)
    sys.stdout.write(expand_format(options.write_out, answer, time.monotonic() - started))
    return 22 if options.fail and answer.status >= 400 else 0


def _show(answer: Answer, options: argparse.Namespace) -> None:
    head = f"HTTP/1.1 {answer.status} {answer.reason}\n" + "".join(f"{name}: {value}\n" for name, value in answer.headers)
    if options.verbose:
        sys.stderr.write(f"* {answer.connection}\n" + "".join(f"< {line}\n" for line in head.splitlines()))
    shown = f"{head}\n".encode() if options.include or options.head else b""
    if not (options.fail and answer.status >= 400):
        shown += answer.body
    if options.output == "-":
        sys.stdout.buffer.write(shown)
        sys.stdout.flush()
    else:
        Path(options.output).write_bytes(shown)


def main() -> None:
    """Run, and exit as curl does."""
    options = parse_arguments(sys.argv[1:])
    try:
        call = call_from(options)
        code = _run_once(call, options) if options.repeat is None else _run_repeatedly(call, options)
    except OSError as error:
        sys.stderr.write(f"curl: (58) {error}\n")
        code = 58
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
