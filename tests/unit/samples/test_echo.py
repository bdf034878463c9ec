"""The echo shows what arrived."""

import json

from hauberk.samples.client import Call, fetch
from hauberk.samples.echo import handle


def test_what_arrived_is_shown(serve, monkeypatch) -> None:
    monkeypatch.setenv("HOSTNAME", "echo-1")
    port = serve(handle)
    headers = (("X-Forwarded-Client-Cert", "URI=spiffe://cluster.local/ns/a/sa/b"),)
    answer = json.loads(fetch(Call(f"http://127.0.0.1:{port}/a/b?c=d", "PUT", headers, b"\xff body")).body)
    peer = answer.pop("peer")
    assert peer.startswith("127.0.0.1:")
    assert answer == {
        "method": "PUT",
        "path": "/a/b",
        "query": {"c": "d"},
        "headers": {
            "host": f"127.0.0.1:{port}",
            "accept": "*/*",
            "connection": "close",
            "content-length": "6",
            "x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/a/sa/b",
        },
        "body": "\ufffd body",
        "served_by": "echo-1",
        "tls": None,
    }
