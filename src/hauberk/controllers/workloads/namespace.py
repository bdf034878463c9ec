"""Namespaces: each has a ServiceAccount `default`, and the API's CA in ConfigMap `kube-root-ca.crt`. Pure.

What becomes of a namespace that is deleted is the API server's own business, as is garbage.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hauberk.controllers.actions import Action, Create, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.objects import is_terminating
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["ROOT_CA_CONFIG_MAP", "controller", "plan"]

ROOT_CA_CONFIG_MAP = "kube-root-ca.crt"
_CA_KEY = "ca.crt"


def plan(cluster: Cluster, key: Key, _now: datetime, *, api_ca_pem: str) -> Sequence[Action]:
    """Furnish the namespace `key.name`."""
    namespace = cluster.get(core.NAMESPACE, "", key.name)
    if namespace is None or is_terminating(namespace):
        return ()
    return [*_service_account(key.name, cluster), *_root_ca(key.name, cluster, api_ca_pem)]


def _service_account(namespace: str, cluster: Cluster) -> list[Action]:
    if cluster.get(core.SERVICE_ACCOUNT, namespace, "default"):
        return []
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    return [Create(core.SERVICE_ACCOUNT, account)]


def _root_ca(namespace: str, cluster: Cluster, pem: str) -> list[Action]:
    known = cluster.get(core.CONFIG_MAP, namespace, ROOT_CA_CONFIG_MAP)
    data = {_CA_KEY: pem}
    if known is None:
        metadata = {
            "name": ROOT_CA_CONFIG_MAP,
            "namespace": namespace,
            "annotations": {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
                "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions "
                "of Kubernetes clusters."
            },
        }
        return [Create(core.CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})]
    return [] if known.get("data") == data else [Update(core.CONFIG_MAP, known | {"data": data})]


def _namespace_of_furniture(obj: Manifest, _cluster: Cluster) -> Iterable[Key]:
    return (Key("", namespace_of(obj)),) if name_of(obj) in ("default", ROOT_CA_CONFIG_MAP) else ()


def controller(api_ca_pem: str) -> Controller:
    """The controller, which hands out `api_ca_pem` as the CA of the API."""

    def run(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
        return plan(cluster, key, now, api_ca_pem=api_ca_pem)

    furniture = (Watch(kind, _namespace_of_furniture) for kind in (core.SERVICE_ACCOUNT, core.CONFIG_MAP))
    return Controller("namespace-controller", (Watch(core.NAMESPACE, itself), *furniture), run)
