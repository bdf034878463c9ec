"""What an exec request asks for; the conversation itself is told in test_app."""

import pytest
from starlette.datastructures import QueryParams

from hauberk.node.server.exec_session import ExecRequest, parse_exec_request


@pytest.mark.parametrize(
    ("query", "request_"),
    [
        ("command=a&command=b%20c&stdout=1", ExecRequest(("a", "b c"), stdin=False, stdout=True, stderr=False, tty=False)),
        ("command=sh&stdin=true&stdout=True&stderr=1", ExecRequest(("sh",), stdin=True, stdout=True, stderr=True, tty=False)),
        ("command=sh&stdin=1&stdout=1&stderr=1&tty=1", ExecRequest(("sh",), stdin=True, stdout=True, stderr=False, tty=True)),
        ("stdin=0&stdout=no", ExecRequest((), stdin=False, stdout=False, stderr=False, tty=False)),
    ],
)
def test_the_query_is_read_as_the_api_writes_it(query: str, request_: ExecRequest) -> None:
    assert parse_exec_request(QueryParams(query)) == request_
