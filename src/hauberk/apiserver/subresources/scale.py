"""`/scale` of Deployments and ReplicaSets: an autoscaling/v1 Scale over `spec.replicas`.

No I/O beyond the store. Source: kubernetes/pkg/registry/apps/deployment/storage/storage.go.
"""

from copy import deepcopy

from hauberk.apiserver.api import Api
from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.decode import check_options, parse_body
from hauberk.apiserver.objects import revision_of
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import Cause, bad_request, conflict, invalid, not_found
from hauberk.apiserver.verbs.get import find
from hauberk.apiserver.verbs.patch import apply_patch, patch_type
from hauberk.apiserver.verbs.write import finish, plan_replace
from hauberk.k8s.kind import Kind, Manifest
from hauberk.store.revisions import Entry

__all__ = ["get_scale", "patch_scale", "update_scale"]

_SCALE = Kind("autoscaling", "v1", "Scale", "scales", strategic=True)


async def get_scale(api: Api, call: Call) -> Reply:
    """The Scale of an object."""
    return Reply(_scale_of(find(api, call).value))


async def update_scale(api: Api, call: Call) -> Reply:
    """Set the replicas as the Scale in the body says."""
    check_options(call.query, "UpdateOptions")
    scale = parse_body(call.body, call.content_type)
    return await _set(api, call, _head(api, call), scale)


async def patch_scale(api: Api, call: Call) -> Reply:
    """Set the replicas as the patched Scale says."""
    check_options(call.query, "PatchOptions")
    old = _head(api, call)
    served = Served(_SCALE, "v1")
    document = parse_body(call.body, "", error_prefix="error decoding patch: ")
    scale = apply_patch(patch_type(call.content_type, served), served, _scale_of(old.value), document)
    return await _set(api, call, old, scale)


async def _set(api: Api, call: Call, old: Entry, scale: object) -> Reply:
    if not isinstance(scale, dict) or not isinstance(scale.get("metadata", {}), dict) or not isinstance(scale.get("spec", {}), dict):
        raise bad_request("the body must be an autoscaling/v1 Scale")
    if revision_of(scale) and revision_of(scale) != str(old.revision):
        raise conflict(call.served.kind, call.name)
    replicas = scale.get("spec", {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        raise invalid(_SCALE, call.name, [Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")])
    obj = deepcopy(old.value)
    obj["spec"]["replicas"] = replicas
    reply = await finish(api, call, plan_replace(api, call, old, obj))
    changed = reply.content.value if isinstance(reply.content, Entry) else obj
    return Reply(_scale_of(changed), reply.code, reply.warnings)


def _head(api: Api, call: Call) -> Entry:
    old = api.store.heads.get(call.served.key(call.namespace, call.name))
    if old is None:
        raise not_found(call.served.kind, call.name)
    return old


def _scale_of(obj: Manifest) -> Manifest:
    metadata = obj["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    labels = obj["spec"].get("selector", {}).get("matchLabels", {})
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept,
        "spec": {"replicas": obj["spec"].get("replicas", 1)},
        "status": {"replicas": obj.get("status", {}).get("replicas", 0), "selector": selector},
    }
