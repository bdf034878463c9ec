"""What is there from the first start on. No I/O beyond the store."""

from copy import deepcopy

from hauberk.apiserver.api import Api
from hauberk.apiserver.builtin import FIRST_NAMESPACES
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.request import Call, Target, User
from hauberk.apiserver.verbs.create import create_object
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.names import API_VIP

__all__ = ["create_first_namespaces", "create_first_service"]

_USER = User("system:apiserver", ("system:masters",))


_KUBERNETES: Manifest = {
    "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
    "spec": {"clusterIP": API_VIP, "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
}
"""Without a selector: the node itself carries connections to the API."""


async def create_first_namespaces(api: Api) -> None:
    """Create the namespaces that every cluster has, where they are missing."""
    for name in FIRST_NAMESPACES:
        await _create_missing(api, core.NAMESPACE, {"metadata": {"name": name}})


async def create_first_service(api: Api) -> None:
    """Create Service `default/kubernetes` where it is missing; its namespace must be there."""
    await _create_missing(api, core.SERVICE, deepcopy(_KUBERNETES))


async def _create_missing(api: Api, kind: Kind, obj: Manifest) -> None:
    served = Served(kind, kind.version)
    namespace = namespace_of(obj)
    if api.store.heads.get(served.key(namespace or None, name_of(obj))) is None:
        target = Target("create", "", version="v1", resource=kind.plural, namespace=namespace)
        await create_object(api, Call(target, served, _USER), obj)
