"""Route: gives each the host under which it is reached from this machine, and says that it is admitted. Pure.

OpenShift's router fills `<name>-<namespace>.<apps domain>`; ours is `apps.localhost`, which resolves to this machine everywhere
(RFC 6761), with the port where it is not 80, so that `http://$(kubectl get route ...)` works as it is typed.
"""

from collections.abc import Sequence
from datetime import datetime

from hauberk.controllers.actions import Action, Patch, PatchStatus
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.objects import annotations_of, is_terminating, set_condition
from hauberk.k8s import route
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.names import ROUTE_DOMAIN

__all__ = ["controller", "plan"]

_GENERATED = "openshift.io/host.generated"
_ROUTER = "default"


def plan(cluster: Cluster, key: Key, now: datetime, *, http_port: int) -> Sequence[Action]:
    """Fill the host of the Route `key` where it has none or has one of ours for another port, and admit it."""
    obj = cluster.get(route.ROUTE, *key)
    if obj is None or is_terminating(obj):
        return ()
    # OpenShift's own mark: a host that nobody chose may follow the port when that changes.
    generated = annotations_of(obj).get(_GENERATED) == "true"
    host = (obj.get("spec") or {}).get("host") or ""
    ours = f"{key.name}-{key.namespace}.{ROUTE_DOMAIN}" + ("" if http_port == 80 else f":{http_port}")
    actions: list[Action] = []
    if not host or (generated and host != ours):
        host = ours
        patch = {"metadata": {"annotations": {_GENERATED: "true"}}, "spec": {"host": host}}
        actions.append(Patch(route.ROUTE, key.namespace, key.name, patch))
    return [*actions, *_admit(obj, host, now)]


def _admit(obj: Manifest, host: str, now: datetime) -> list[Action]:
    ingresses = (obj.get("status") or {}).get("ingress") or []
    known: Manifest = next((entry for entry in ingresses if entry.get("routerName") == _ROUTER), {})
    conditions = set_condition(known.get("conditions") or [], {"type": "Admitted", "status": "True"}, now=now)
    ingress = {
        "host": host,
        "routerName": _ROUTER,
        "routerCanonicalHostname": ROUTE_DOMAIN,
        "wildcardPolicy": (obj.get("spec") or {}).get("wildcardPolicy") or "None",
        "conditions": conditions,
    }
    if ingress == known:
        return []
    # Each router writes its own entry.
    others = [entry for entry in ingresses if entry is not known]
    return [PatchStatus(route.ROUTE, namespace_of(obj), name_of(obj), {"ingress": [*others, ingress]})]


def controller(http_port: int) -> Controller:
    """The controller; `http_port` is where the host's forwarder listens."""

    def run(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
        return plan(cluster, key, now, http_port=http_port)

    return Controller("route-controller", (Watch(route.ROUTE, itself),), run)
