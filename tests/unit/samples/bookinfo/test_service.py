"""Where the services are, and which headers travel on."""

import json

import pytest

from hauberk.samples.bookinfo.service import forwarded_headers, json_response, service_url


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://ratings:9080/ratings"),
        ({"RATINGS_HOSTNAME": "mine", "RATINGS_SERVICE_PORT": "80"}, "http://mine:80/ratings"),
        ({"SERVICES_DOMAIN": "bookinfo.svc.cluster.local"}, "http://ratings.bookinfo.svc.cluster.local:9080/ratings"),
    ],
)
def test_a_service_is_where_the_environment_says(environ: dict[str, str], url: str) -> None:
    assert service_url("ratings", environ) == url


def test_the_processes_own_environment_counts(monkeypatch) -> None:
    monkeypatch.setenv("DETAILS_HOSTNAME", "elsewhere")
    assert service_url("details").startswith("http://elsewhere:")


def test_tracing_and_user_travel_on_and_the_connections_own_headers_do_not(make_request) -> None:
    travelling = (("X-Request-Id", "1"), ("traceparent", "00-1"), ("x-b3-traceid", "2"), ("end-user", "jason"), ("User-Agent", "me"))
    staying = (("Host", "h"), ("Connection", "close"), ("Content-Length", "3"), ("X-Forwarded-Client-Cert", "By=x"), ("Accept", "*/*"))
    assert forwarded_headers(make_request("/", headers=(*staying, *travelling))) == travelling


def test_an_answer_is_json() -> None:
    response = json_response({"a": 1}, 400)
    assert (json.loads(response.body), response.status, response.content_type) == ({"a": 1}, 400, "application/json")
