"""`/binding` of pods: says on which node a pod runs. No I/O beyond the store."""

from copy import deepcopy

from hauberk.apiserver.api import Api
from hauberk.apiserver.decode import check_options, parse_body
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import bad_request, conflict, not_found
from hauberk.apiserver.verbs.write import finish, plan_replace
from hauberk.k8s.kind import Manifest

__all__ = ["bind"]


async def bind(api: Api, call: Call) -> Reply:
    """Put the pod on the node that the Binding in the body names; a pod that has one stays there (409).

    Raises: ApiError 400, 404, 409.
    """
    check_options(call.query, "CreateOptions")
    node = _target(parse_body(call.body, call.content_type))
    old = api.store.heads.get(call.served.key(call.namespace, call.name))
    if old is None:
        raise not_found(call.served.kind, call.name)
    assigned = old.value.get("spec", {}).get("nodeName")
    if assigned:
        raise conflict(call.served.kind, call.name, f"pod {call.name} is already assigned to node {assigned!r}")
    if old.value["metadata"].get("deletionTimestamp"):
        raise conflict(call.served.kind, call.name, f"pod {call.name} is being deleted, cannot be assigned to a host")
    pod = deepcopy(old.value)
    pod["spec"]["nodeName"] = node
    await finish(api, call, plan_replace(api, call, old, pod))
    success: Manifest = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    return Reply(success, 201)


def _target(binding: object) -> str:
    target = binding.get("target") if isinstance(binding, dict) else None
    name = target.get("name") if isinstance(target, dict) else None
    if not isinstance(name, str) or not name:
        raise bad_request("a Binding must name a node in target.name")
    return name
