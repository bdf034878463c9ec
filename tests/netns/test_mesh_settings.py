"""Settings of a running mesh: TLS of its servers and its trust domain, changed under requests; Routes per Gateway; who may what."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest

from hauberk.cli.demo.traffic import Stream, Tally, fetch
from tests.netns.instance import MTLS, Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh-settings"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, str]]:
    """A STRICT mesh whose members are found by label, with Bookinfo, and the URL of its Route."""
    with instance(tmp_path_factory.mktemp("settings"), f"s{os.getpid()}") as up:
        up.mesh(MTLS)
        up.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: bookinfo, labels: {team: books}}\n")
        roll = "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {name: default, namespace: istio-system}\n"
        up.apply(f"{roll}spec: {{memberSelectors: [{{matchLabels: {{team: books}}}}]}}\n")
        url = up.bookinfo()
        up.within(60, "Bookinfo answers", lambda: answers(url))
        yield up, url


def answers(url: str) -> bool:
    """Whether Bookinfo's details answer through gateway and sidecars."""
    with suppress(httpx2.HTTPError):
        return asyncio.run(fetch(f"{url}/api/v1/products/0")).status_code == 200
    return False


def change(up: Instance, security: str) -> None:
    up.run("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p", f'{{"spec":{{"security":{security}}}}}')


def handshakes(up: Instance, kind: str, word: str) -> int:
    """How many of details' inbound handshakes used a version or curve, by Envoy's count."""
    pod = up.run("get", "pods", "-n", "bookinfo", "-l", "app=details", "-o", "jsonpath={.items[0].metadata.name}").out
    text = up.run("get", "--raw", f"/api/v1/namespaces/bookinfo/pods/{pod}:15090/proxy/stats/prometheus").out
    lines = [line for line in text.splitlines() if line.startswith(f"envoy_listener_ssl_{kind}") and f'"{word}"' in line]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


async def through(up: Instance, url: str, security: str) -> Tally:
    """Change `spec.security` while requests run, and go on for a hundred more."""
    async with Stream(f"{url}/api/v1/products/0", per_second=50) as stream:
        while stream.tally.answered < 50:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(change, up, security)
        seen = stream.tally.answered
        while stream.tally.answered < seen + 100:
            await asyncio.sleep(0.01)
    return stream.tally


def test_tls_of_the_meshs_servers_changes_without_a_lost_request(books: tuple[Instance, str]) -> None:
    up, url = books
    tls = '{"minProtocolVersion":"TLSv1_2","maxProtocolVersion":"TLSv1_2","ecdhCurves":["CurveP384","CurveP256"]}'
    before = handshakes(up, "curves", "P-384"), handshakes(up, "versions", "TLSv1.2")
    tally = asyncio.run(through(up, url, f'{{"controlPlane":{{"tls":{tls}}}}}'))
    assert tally.lost == []
    up.within(30, "details are asked with the new curve", lambda: answers(url) and handshakes(up, "curves", "P-384") > before[0])
    assert handshakes(up, "versions", "TLSv1.2") > before[1]
    tally = asyncio.run(through(up, url, '{"controlPlane":{"tls":null}}'))
    assert tally.lost == []


def test_the_identities_of_the_trust_domain_before_count_after_a_change(books: tuple[Instance, str]) -> None:
    up, url = books
    change(up, '{"trust":{"domain":"red.local","additionalDomains":["cluster.local"]}}')
    up.run("wait", "smcp/basic", "-n", "istio-system", "--for=condition=Ready", "--timeout=60s")
    old = up.run("get", "pods", "-n", "bookinfo", "-l", "app=details", "-o", "jsonpath={.items[0].metadata.name}").out
    up.run("delete", "pod", old, "-n", "bookinfo")
    up.run("wait", "-n", "bookinfo", "deployment", "details-v1", "--for=condition=Available", "--timeout=60s")
    # A new details of red.local, called by a productpage of cluster.local.
    up.within(30, "both talk to each other", lambda: answers(url))
    new = up.run("get", "pods", "-n", "bookinfo", "-l", "app=details", "-o", "jsonpath={.items[0].metadata.name}").out
    assert new != old


def test_every_gateways_host_has_a_route(books: tuple[Instance, str]) -> None:
    up, url = books
    route = "bookinfo-bookinfo-gateway-525eca1d5089dbdc"
    host = up.within(10, "it has a host", lambda: up.json("get", "route", route, "-n", "istio-system")["spec"].get("host"))
    up.within(10, "Bookinfo answers by it", lambda: answers(f"http://{host}"))
    up.run("patch", "gateway", "bookinfo-gateway", "-n", "bookinfo", "--type=merge", "-p", UNMANAGED)
    gone = ("get", "route", route, "-n", "istio-system")
    up.within(10, "it goes when it is not managed any more", lambda: up.run(*gone, check=False).code != 0)
    assert answers(url)


UNMANAGED = '{"metadata":{"annotations":{"maistra.io/manageRoute":"false"}}}'


def test_what_cannot_work_is_refused_before_it_is_stored(books: tuple[Instance, str]) -> None:
    up, _ = books
    patch = ("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p")
    refused = up.run(*patch, '{"spec":{"security":{"controlPlane":{"tls":{"ecdhCurves":["X25519"]}}}}}', check=False)
    assert refused.code == 1
    assert "spec.security.controlPlane.tls.ecdhCurves" in refused.err
    assert "Add CurveP256" in refused.err
    refused = up.run(*patch, '{"spec":{"mode":"MultiTenant"}}', check=False)
    assert 'admission webhook "smcp.validation.maistra.io" denied the request: the spec.mode field is only supported' in refused.err


def test_who_loses_the_label_leaves_and_nothing_of_the_mesh_stays(books: tuple[Instance, str]) -> None:
    up, _ = books
    up.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: guests, labels: {team: books}}\n")
    root = ("get", "configmap", "istio-ca-root-cert", "-n", "guests")
    up.within(20, "the root is handed out", lambda: up.run(*root, check=False).code == 0)
    assert "maistra.io/member-of" in up.json("get", "namespace", "guests")["metadata"]["labels"]
    up.run("patch", "namespace", "guests", "--type=merge", "-p", '{"metadata":{"labels":{"team":null}}}')
    up.within(20, "the root is taken back", lambda: up.run(*root, check=False).code != 0)
    up.within(20, "and the label", lambda: "maistra.io/member-of" not in up.json("get", "namespace", "guests")["metadata"]["labels"])
    assert up.run("get", "smm", "-n", "guests", "-o", "name").out == ""
