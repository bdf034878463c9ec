"""dataPlane.mtls on and off, and the CA changed, under 200 requests a second through two Envoys: not one is lost."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

import httpx2
import pytest

from hauberk.cli.demo.traffic import fetch
from hauberk.pki.certificates import fingerprint
from tests.netns.authorities import cacerts, make_authority
from tests.netns.instance import Instance, cause_of_no_namespaces, instance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("mesh"),
    pytest.mark.skipif(bool(cause_of_no_namespaces()), reason=cause_of_no_namespaces()),
]

PER_SECOND = 200
CONNECTIONS = 8
SERVER = """apiVersion: v1
kind: Pod
metadata: {name: echo, namespace: shop, labels: {app: echo}, annotations: {sidecar.istio.io/inject: "true"}}
spec: {containers: [{name: echo, image: hauberk/echo}]}
---
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: shop}
spec: {selector: {app: echo}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1beta1
kind: Gateway
metadata: {name: shop, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec: {hosts: ["*"], gateways: [shop], http: [{route: [{destination: {host: echo, port: {number: 80}}}]}]}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, str]]:
    """A PERMISSIVE mesh with an echo behind gateway and sidecar, and the URL of its Route."""
    with instance(tmp_path_factory.mktemp("flip"), f"f{os.getpid()}") as up:
        up.mesh()
        up.members("shop")
        up.apply(SERVER)
        up.run("wait", "-n", "shop", "pod/echo", "--for=condition=Ready", "--timeout=120s")
        host = up.json("get", "route", "istio-ingressgateway", "-n", "istio-system")["spec"]["host"]
        yield up, f"http://{host}/"


def mode(up: Instance) -> str:
    return str(up.json("get", "peerauthentication", "default", "-n", "istio-system")["spec"]["mtls"]["mode"])


def is_synced(up: Instance) -> bool:
    """Whether every Envoy has acknowledged everything."""
    proxies = [proxy for mesh in up.json_raw("/debug/syncz").values() for proxy in mesh]
    return bool(proxies) and all(known["state"] == "SYNCED" for proxy in proxies for known in proxy["types"].values())


def flip(up: Instance, wanted: str) -> None:
    spec = {"security": {"dataPlane": {"mtls": wanted == "STRICT"}}}
    up.run("patch", "smcp", "basic", "-n", "istio-system", "--type=merge", "-p", json.dumps({"spec": spec}))
    up.within(30, f"the table says {wanted}", lambda: mode(up) == wanted)
    up.within(30, "every Envoy has it", lambda: is_synced(up))


class Load:
    """GETs of `url`, PER_SECOND of them on a few kept connections; cheap, so that the machine is left to the mesh.

    One that is late is sent late and not skipped. `lost` has what went wrong with those that got no 200.
    """

    def __init__(self, url: str) -> None:
        parsed = httpx2.URL(url)
        self._port = parsed.port or 80
        self._request = f"GET {parsed.path} HTTP/1.1\r\nhost: {parsed.netloc.decode()}\r\n\r\n".encode()
        self._stopped = False
        self.sent = 0
        self.answered = 0
        self.lost: list[str] = []

    async def run(self) -> None:
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._worker(begun))

    def stop(self) -> None:
        self._stopped = True

    async def _worker(self, begun: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not self._stopped:
            self.sent += 1
            # The pace is what is tested: one request every PER_SECOND-th of a second, whichever worker is free.
            await asyncio.sleep(begun + self.sent / PER_SECOND - asyncio.get_running_loop().time())
            try:
                status = await self._ask(reader, writer)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                status = f"{type(error).__name__}: {error}"
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            if status == "200":
                self.answered += 1
            else:
                self.lost.append(status)
        writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        async with asyncio.timeout(30):
            writer.write(self._request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
        return head.split(" ")[1]


async def through(url: str, changes: Iterable[Callable[[], None]]) -> Load:
    """Make one change after the other while the load runs, each followed by a second's worth of requests."""
    load = Load(url)
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        for change in changes:
            await asyncio.to_thread(change)
            seen = load.answered + len(load.lost)
            while load.answered + len(load.lost) < seen + PER_SECOND:
                await asyncio.sleep(0.01)  # a second's worth of requests after the change; the test's own timeout bounds it
        load.stop()
    return load


def assert_nothing_lost(load: Load) -> None:
    """Every request that was sent got its 200, and there were at least a second's worth after each of two changes."""
    assert load.lost == []
    assert load.sent == load.answered > 2 * PER_SECOND


def test_permissive_to_strict_and_back_loses_no_request_between_sidecars(shop: tuple[Instance, str]) -> None:
    up, url = shop
    up.within(60, "the route answers", lambda: answers(url))
    load = asyncio.run(through(url, [partial(flip, up, wanted) for wanted in ("STRICT", "PERMISSIVE")]))
    assert_nothing_lost(load)


def test_a_change_of_the_ca_and_back_loses_no_request_between_sidecars(shop: tuple[Instance, str]) -> None:
    up, url = shop
    up.within(60, "the route answers", lambda: answers(url))
    own, plugged = issuer_in_use(up), make_authority("Plugged in", make_authority("Its root"))

    def plug_in() -> None:
        up.apply(cacerts(plugged))
        up.within(60, "both Envoys have leaves of the plugged-in CA", lambda: issuers(up) == {fingerprint(plugged.certificate)})

    def take_out() -> None:
        up.run("delete", "secret", "cacerts", "-n", "istio-system")
        up.within(60, "both have leaves of the mesh's own again", lambda: issuers(up) == {own})

    flip(up, "STRICT")
    load = asyncio.run(through(url, [plug_in, take_out]))
    assert_nothing_lost(load)


def issuers(up: Instance) -> set[str]:
    """Fingerprints of the CA certificates by which the Envoys' leaves are signed; empty while a change is under way."""
    secret = up.json("get", "secret", "hauberk-ca-in-use", "-n", "istio-system")
    if secret["metadata"].get("annotations", {}).get("hauberk.io/ca-rotation"):
        return set()
    pods = [
        *up.json("get", "pods", "-n", "shop", "-l", "app=echo")["items"],
        *up.json("get", "pods", "-n", "istio-system", "-l", "istio=ingressgateway")["items"],
    ]
    return {json.loads(pod["metadata"]["annotations"]["hauberk.io/certificate"])["issuer"] for pod in pods}


def issuer_in_use(up: Instance) -> str:
    (one,) = issuers(up)
    return one


def answers(url: str) -> bool:
    with suppress(httpx2.HTTPError):
        return asyncio.run(fetch(url)).status_code == 200
    return False
