"""Copies of a mesh's NetworkPolicies in its members, as long as they are members. Pure.

Source: maistra/istio-operator pkg/controller/servicemesh/member/ovs_networkpolicy.go: all but the internal ones are copied;
copies lose the owner's labels and get the label of membership.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hauberk import names
from hauberk.controllers.actions import Action, Create, Delete, Patch
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.objects import annotations_of, is_terminating, labels_of, merge_difference
from hauberk.k8s import core
from hauberk.k8s.cluster_networking import NETWORK_POLICY
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["CONTROLLER", "INTERNAL", "plan"]

INTERNAL = "maistra.io/internal"
"""Annotation of a policy that members get no copy of."""
_OPERATOR = {"app.kubernetes.io/managed-by": "maistra-istio-operator"}


def plan(cluster: Cluster, key: Key, _now: datetime) -> Sequence[Action]:
    """Make the namespace `key` have exactly the copies that its membership asks for."""
    namespace = cluster.get(core.NAMESPACE, "", key.name)
    if namespace is None or is_terminating(namespace):
        return ()
    home = labels_of(namespace).get(names.LABEL_MEMBER_OF, "")
    wanted = {name_of(one): _copy(one, key.name, home) for one in _originals(home, cluster)} if home not in ("", key.name) else {}
    present = {name_of(one): one for one in cluster.list(NETWORK_POLICY, key.name)}
    return [
        *(Create(NETWORK_POLICY, copy) for name, copy in wanted.items() if name not in present),
        *(change for name, copy in wanted.items() if name in present for change in _update(present[name], copy)),
        *(_delete(one) for name, one in present.items() if _is_copy(one) and name not in wanted and not is_terminating(one)),
    ]


def _originals(home: str, cluster: Cluster) -> list[Manifest]:
    return [one for one in cluster.list(NETWORK_POLICY, home) if _is_original(one) and not is_terminating(one)]


def _is_original(policy: Manifest) -> bool:
    labels = labels_of(policy)
    ours = _OPERATOR.items() <= labels.items() and labels.get(names.LABEL_OWNER) == namespace_of(policy)
    return ours and annotations_of(policy).get(INTERNAL) != "true"


def _is_copy(policy: Manifest) -> bool:
    labels = labels_of(policy)
    return _OPERATOR.items() <= labels.items() and names.LABEL_MEMBER_OF in labels and names.LABEL_OWNER not in labels


def _copy(original: Manifest, namespace: str, home: str) -> Manifest:
    labels = {key: value for key, value in labels_of(original).items() if key not in (names.LABEL_OWNER, names.LABEL_OWNER_NAME)}
    metadata = {
        "name": name_of(original),
        "namespace": namespace,
        "labels": labels | {names.LABEL_MEMBER_OF: home},
        "annotations": annotations_of(original),
    }
    return {"apiVersion": NETWORK_POLICY.api_version, "kind": NETWORK_POLICY.kind, "metadata": metadata, "spec": original["spec"]}


def _update(present: Manifest, wanted: Manifest) -> list[Action]:
    """A policy of that name that somebody else made stays as it is."""
    if not _is_copy(present) or is_terminating(present):
        return []
    metadata = {field: wanted["metadata"][field] for field in ("labels", "annotations")}
    goal = present | {"metadata": present["metadata"] | metadata, "spec": wanted["spec"]}
    change = merge_difference(present, goal)
    return [Patch(NETWORK_POLICY, namespace_of(present), name_of(present), change)] if change else []


def _delete(copy: Manifest) -> Delete:
    return Delete(NETWORK_POLICY, namespace_of(copy), name_of(copy), uid_of(copy))


def _concerned(policy: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The namespace that it is in, and those that have or want a copy of it."""
    home = namespace_of(policy)
    yield Key("", home)
    if _is_original(policy):
        yield from (Key("", name_of(one)) for one in cluster.list(core.NAMESPACE) if labels_of(one).get(names.LABEL_MEMBER_OF) == home)


CONTROLLER = Controller("hauberk-network-policy", (Watch(core.NAMESPACE, itself), Watch(NETWORK_POLICY, _concerned)), plan)
