"""Discovery's pure core at 1,000 services and 1,000 proxies: CPU of connecting all, of one endpoint change, of a mesh-wide mode.

    .venv/bin/python bench/xds_core.py [SERVICES] [PROXIES]

No sockets: what the server adds is gRPC (about 0.1 ms a message, facts/anchors.md section 1). Every proxy acks at once.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # not this folder, in which xds.py would hide the package of that name

from hauberk import names
from hauberk.model.identity import TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.service import EndpointSlice, Protocol, Service, ServicePort, SliceAddress
from hauberk.model.workload import Workload
from hauberk.view.changes import Change, Put
from hauberk.xds.delta import Request, Send
from hauberk.xds.discovery import ConnectionKey, Discovery, Outcome
from hauberk.xds.wire import ResponseMemo

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACES = 10


def mesh(services: int) -> list[Change]:
    """Each service with two pods, spread over ten namespaces."""
    changes: list[Change] = []
    for index in range(services):
        namespace, name = f"ns{index % NAMESPACES}", f"svc{index}"
        addresses = [f"10.{copy}.{index // 256}.{index % 256}" for copy in (1, 2)]
        port = ServicePort("http", 8080, 8080, Protocol.HTTP)
        host = f"{name}.{namespace}.svc.cluster.local"
        changes.append(Put(Service(namespace, name, host, f"10.96.{index // 256}.{index % 256}", (port,), {"app": name})))
        pods = [f"{name}-{copy}" for copy in (0, 1)]
        for pod, address in zip(pods, addresses, strict=True):
            changes.append(Put(Workload(namespace, pod, address, labels={"app": name}, tls_mode="istio")))
        ends = tuple(SliceAddress(address, pod) for pod, address in zip(pods, addresses, strict=True))
        changes.append(Put(EndpointSlice(namespace, f"{name}-x", name, ends, {"http": 8080})))
    return changes


class Proxies:
    """Answers whatever is sent, as Envoy would, and counts."""

    def __init__(self, discovery: Discovery) -> None:
        self.discovery = discovery
        self.encoded = ResponseMemo()
        self.bytes = self.messages = 0

    def take(self, outcome: Outcome) -> None:
        """Receive what is sent, ack it, and receive what comes of that."""
        queue = list(outcome.effects.items())
        while queue:
            key, effects = queue.pop()
            for effect in effects:
                if isinstance(effect, Send):
                    self.bytes += len(self.encoded.encode(effect, version=self.discovery.version))
                    self.messages += 1
                    queue.extend(self.ask(key, Request(effect.type_url, nonce=effect.nonce)).effects.items())

    def ask(self, key: ConnectionKey, request: Request) -> Outcome:
        """One request."""
        return self.discovery.receive(key, request, now=NOW)

    def connect(self, workload: Workload) -> None:
        """Connect and ask for everything, as Envoy does at its start."""
        node = f"sidecar~{workload.address}~{workload.name}.{workload.namespace}~x"
        key = self.discovery.connect(node, str(workload.identity(TrustDomain("cluster.local"))), now=NOW)
        clusters = self.ask(key, Request(names.TYPE_CLUSTER))
        (send,) = clusters.effects[key]
        wanted = tuple(one.name for one in send.resources if one.name.startswith("outbound")) if isinstance(send, Send) else ()
        endpoints = self.ask(key, Request(names.TYPE_ENDPOINT, wanted))
        self.take(clusters)
        self.take(endpoints)
        self.take(self.ask(key, Request(names.TYPE_LISTENER)))
        self.take(self.ask(key, Request(names.TYPE_ROUTE, ("8080",))))
        self.take(self.ask(key, Request(names.TYPE_VIRTUAL_HOST)))


def measure(what: str, proxies: Proxies, work: Callable[[], object]) -> None:
    proxies.bytes = proxies.messages = 0
    before = time.process_time()
    work()
    seconds = time.process_time() - before
    print(f"{what:<42}{seconds * 1000:>10.0f} ms CPU {proxies.messages:>8} messages {proxies.bytes / 1e6:>9.1f} MB")


def main() -> None:
    services, count = (int(word) for word in (*sys.argv[1:], "1000", "1000")[:2])
    namespaces = frozenset(f"ns{index}" for index in range(NAMESPACES))
    discovery = Discovery(MeshSettings("istio-system", "basic", TrustDomain("cluster.local"), members=namespaces))
    proxies = Proxies(discovery)
    changes = mesh(services)
    pods = [put.obj for put in changes if isinstance(put, Put) and isinstance(put.obj, Workload)][:count]
    slices = [put.obj for put in changes if isinstance(put, Put) and isinstance(put.obj, EndpointSlice)]

    def push(*some: Change) -> None:
        proxies.take(discovery.change(some, since=NOW, now=NOW))

    print(f"{services} services, {len(pods)} proxies")
    measure("the view is filled", proxies, lambda: push(*changes))
    measure("the first proxy connects (all is built)", proxies, lambda: proxies.connect(pods[0]))
    measure("all the others connect", proxies, lambda: [proxies.connect(pod) for pod in pods[1:]])
    one = slices[0]
    fewer = EndpointSlice(one.namespace, one.name, one.service, one.addresses[:1], one.ports)
    measure("one endpoint changes", proxies, lambda: push(Put(fewer)))
    measure("mesh-wide PERMISSIVE -> STRICT", proxies, lambda: push(Put(PeerAuthentication("istio-system", "default", MtlsMode.STRICT))))
    port = ServicePort("http", 8080, 8080, Protocol.HTTP)
    new = Service("ns0", "new", "new.ns0.svc.cluster.local", "10.97.0.1", (port,), {"app": "new"})
    measure("a new service", proxies, lambda: push(Put(new)))


if __name__ == "__main__":
    main()
