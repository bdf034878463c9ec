"""Who may do what: one table, one decision. Roles and bindings come with a later issue.

No I/O. Source of the node's table: kubernetes/plugin/pkg/auth/authorizer/node and the NodeRestriction admission plugin.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hauberk import names
from hauberk.apiserver.admission import Reader
from hauberk.apiserver.request import Target, User
from hauberk.apiserver.status import ApiError, failure
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest

__all__ = ["Rule", "decide", "refuse", "rules_of"]

_READ = ("get", "list", "watch")
_DISCOVERY = ("/api", "/apis", "/healthz", "/livez", "/openapi", "/readyz", "/version")

Condition = Callable[[str, Target, Reader], bool]
"""Of the node's name, what is asked, and the store."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on resources (`pods/status` for a subresource) of one group; `condition` narrows to single objects."""

    verbs: Sequence[str]
    resources: Sequence[str]
    group: str = ""
    condition: Condition | None = None

    def covers(self, target: Target) -> bool:
        """Whether the rule speaks of `target`, before its condition."""
        resource = f"{target.resource}/{target.subresource}" if target.subresource else target.resource
        return target.verb in self.verbs and resource in self.resources and target.group == self.group


def _own_pod(node: str, target: Target, reader: Reader) -> bool:
    pod = reader.get(core.POD, target.namespace, target.name)
    return pod is not None and pod.get("spec", {}).get("nodeName") == node


def _own_node(node: str, target: Target, _reader: Reader) -> bool:
    # a node is created by POST, whose path has no name: admission of nodes is by the name in the certificate only
    return target.name in (node, "")


def _account_of_own_pod(node: str, target: Target, reader: Reader) -> bool:
    pods = reader.list(core.POD, target.namespace)
    return any(pod["spec"].get("nodeName") == node and pod["spec"].get("serviceAccountName") == target.name for pod in pods)


def _secret_of_own_pod(node: str, target: Target, reader: Reader) -> bool:
    pods = reader.list(core.POD, target.namespace)
    return any(pod["spec"].get("nodeName") == node and target.name in _secrets_of(pod) for pod in pods)


NODE_RULES: Sequence[Rule] = (
    Rule(_READ, ("pods", "services", "endpoints", "nodes", "namespaces", "configmaps", "serviceaccounts")),
    Rule(_READ, ("endpointslices",), "discovery.k8s.io"),
    Rule(_READ, ("routes",), "route.openshift.io"),
    Rule(_READ, ("networkpolicies",), "networking.k8s.io"),
    Rule(("get",), ("secrets",), condition=_secret_of_own_pod),
    Rule(("create", "update", "patch"), ("events",)),
    Rule(("create", "update", "patch"), ("nodes", "nodes/status"), condition=_own_node),
    Rule(("update", "patch"), ("pods/status",), condition=_own_pod),
    Rule(("delete",), ("pods",), condition=_own_pod),
    Rule(("create",), ("serviceaccounts/token",), condition=_account_of_own_pod),
)

EVERYONE_RULES: Sequence[Rule] = (
    Rule(("create",), ("selfsubjectreviews",), "authentication.k8s.io"),
    Rule(("create",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), "authorization.k8s.io"),
)


def rules_of(user: User) -> Sequence[Rule] | None:
    """The rules for `user`; None where everything is allowed."""
    if names.GROUP_MASTERS in user.groups or user.name == names.USER_CONTROL_PLANE:
        return None
    return (*EVERYONE_RULES, *(NODE_RULES if _node_name(user) else ()))


def decide(user: User, target: Target, reader: Reader) -> bool:
    """Whether `user` may do what `target` says."""
    rules = rules_of(user)
    if rules is None:
        return True
    if not target.is_resource:
        return target.verb == "get" and any(target.path == path or target.path.startswith(f"{path}/") for path in _DISCOVERY)
    node = _node_name(user)
    return any(rule.covers(target) and (rule.condition is None or rule.condition(node, target, reader)) for rule in rules)


def refuse(user: User, target: Target) -> ApiError:
    """The 403 for a decision against `user`, in upstream's words."""
    if not target.is_resource:
        return failure(403, "Forbidden", f'forbidden: User "{user.name}" cannot {target.verb} path "{target.path}"', details={})
    resource = f"{target.resource}.{target.group}" if target.group else target.resource
    what = f'{resource} "{target.name}"' if target.name else resource
    path = f"{target.resource}/{target.subresource}" if target.subresource else target.resource
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    message = f'{what} is forbidden: User "{user.name}" cannot {target.verb} resource "{path}" in API group "{target.group}" {where}'
    details = {"name": target.name, "group": target.group, "kind": target.resource}
    return failure(403, "Forbidden", message, details={key: value for key, value in details.items() if value})


def _node_name(user: User) -> str:
    prefix = "system:node:"
    return user.name.removeprefix(prefix) if names.GROUP_NODES in user.groups and user.name.startswith(prefix) else ""


def _secrets_of(pod: Manifest) -> Iterator[str]:
    """Every Secret that a pod's spec names."""
    spec = pod["spec"]
    for volume in spec.get("volumes", []):
        yield volume.get("secret", {}).get("secretName", "")
        yield from (source.get("secret", {}).get("name", "") for source in volume.get("projected", {}).get("sources", []))
    for container in (*spec.get("containers", []), *spec.get("initContainers", [])):
        yield from (source.get("secretRef", {}).get("name", "") for source in container.get("envFrom", []))
        yield from (env.get("valueFrom", {}).get("secretKeyRef", {}).get("name", "") for env in container.get("env", []))
    yield from (reference.get("name", "") for reference in spec.get("imagePullSecrets", []))
