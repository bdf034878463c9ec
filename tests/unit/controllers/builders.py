"""Objects as the API would answer them, and a small world in which plans are carried out until nothing is left to do."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hauberk.controllers.actions import Action, Again, Attempt, Bind, Create, Delete, Event, Patch, PatchStatus, Together, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller
from hauberk.controllers.objects import is_terminating, render_time
from hauberk.k8s import apps, core, discovery, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
STAMP = "2026-11-25T12:00:00Z"


def make_object(kind: Kind, name: str, namespace: str = "", **fields: Any) -> Manifest:
    """An object of `kind` with uid `uid-<name>`; metadata fields go to metadata, the others to the top."""
    metadata: Manifest = {"name": name, "uid": f"uid-{name}", "creationTimestamp": STAMP}
    if namespace:
        metadata["namespace"] = namespace
    for field in ("labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp", "generation", "uid", "creationTimestamp"):
        if field in fields:
            metadata[field] = fields.pop(field)
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


def make_namespace(name: str, **fields: Any) -> Manifest:
    return make_object(core.NAMESPACE, name, **fields)


def make_node(name: str = "local", *, ready: bool = True, **fields: Any) -> Manifest:
    status = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return make_object(core.NODE, name, spec={}, status=status, **fields)


def make_pod(name: str, namespace: str = "bookinfo", *, ip: str = "", ready: bool = False, **fields: Any) -> Manifest:
    spec = {"containers": [{"name": "main", "image": "x"}]} | fields.pop("spec", {})
    status: Manifest = {"phase": "Running" if ip else "Pending"} | ({"podIP": ip} if ip else {})
    if ready:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": STAMP}]
    return make_object(core.POD, name, namespace, spec=spec, status=status | fields.pop("status", {}), **fields)


def make_template(app: str = "web", image: str = "x") -> Manifest:
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": image}]}}


def make_deployment(name: str = "web", namespace: str = "bookinfo", *, replicas: int = 1, image: str = "x", **fields: Any) -> Manifest:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": make_template(name, image)} | fields.pop(
        "spec", {}
    )
    return make_object(apps.DEPLOYMENT, name, namespace, spec=spec, **({"generation": 1} | fields))


def make_replica_set(name: str = "web-1", namespace: str = "bookinfo", *, replicas: int = 1, app: str = "web", **fields: Any) -> Manifest:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": make_template(app)}
    return make_object(apps.REPLICA_SET, name, namespace, spec=spec, **({"generation": 1} | fields))


HTTP: Sequence[Manifest] = ({"name": "http", "port": 9080},)


def make_service(name: str, namespace: str = "bookinfo", *, ports: Sequence[Manifest] = HTTP, **spec: Any) -> Manifest:
    spec = {"selector": {"app": name}, "ports": list(ports), "clusterIP": "10.96.0.1"} | spec
    return make_object(core.SERVICE, name, namespace, spec=spec)


def make_smcp(name: str = "basic", namespace: str = "istio-system", *, version: str = "v2.1", **fields: Any) -> Manifest:
    spec = {"version": version, "profiles": ["default"]} | fields.pop("spec", {})
    return make_object(maistra.SERVICE_MESH_CONTROL_PLANE, name, namespace, spec=spec, **({"generation": 1} | fields))


def make_smmr(members: Iterable[str] = (), namespace: str = "istio-system", *, name: str = "default", **fields: Any) -> Manifest:
    fields = {"generation": 1, "uid": f"smmr-{namespace}"} | fields
    spec = {"members": list(members)} | fields.pop("spec", {})
    return make_object(maistra.SERVICE_MESH_MEMBER_ROLL, name, namespace, spec=spec, **fields)


def make_smm(namespace: str, mesh: str = "istio-system/basic", *, name: str = "default", **fields: Any) -> Manifest:
    plane_namespace, _, plane = mesh.partition("/")
    spec = {"controlPlaneRef": {"name": plane, "namespace": plane_namespace}}
    return make_object(maistra.SERVICE_MESH_MEMBER, name, namespace, spec=spec, **({"generation": 1, "uid": f"smm-{namespace}"} | fields))


def owner(kind: Kind, obj: Manifest) -> list[Manifest]:
    """`ownerReferences` by which `obj` controls."""
    reference = {"apiVersion": kind.api_version, "kind": kind.kind, "name": name_of(obj), "uid": uid_of(obj)}
    return [reference | {"controller": True, "blockOwnerDeletion": True}]


def cluster_of(*objects: tuple[Kind, Manifest]) -> Cluster:
    return Cluster.of(objects)


KINDS_BY_NAME = {kind.kind: kind for kind in (*core.KINDS, *apps.KINDS, *discovery.KINDS, *maistra.KINDS)}


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def flat(actions: Iterable[Action]) -> list[Action]:
    """What is to be done together, one after the other."""
    return [one for action in actions for one in flat_one(action)]


def flat_one(action: Action) -> list[Action]:
    if isinstance(action, Attempt):
        return flat([action.action])
    return flat(action.actions) if isinstance(action, Together) else [action]


class World:
    """Carries out actions on a `Cluster` as the API would: uids, generations, finalizers; no time passes but by `tick`."""

    def __init__(self, controllers: Sequence[Controller], *objects: tuple[Kind, Manifest]) -> None:
        self.cluster = Cluster()
        self.controllers = controllers
        self.now = NOW
        self.events: list[Event] = []
        self._count = 0
        for kind, obj in objects:
            self.put(kind, obj)

    def put(self, kind: Kind, obj: Manifest) -> Manifest:
        """Store a state of an object as given, with a new revision."""
        self._count += 1
        obj = obj | {"metadata": {"uid": f"uid-{self._count}"} | obj["metadata"] | {"resourceVersion": str(self._count)}}
        self.cluster.apply(kind, obj)
        return obj

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        found = self.cluster.get(kind, namespace, name)
        assert found is not None, f"no {kind.kind} {namespace}/{name}"
        return found

    def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> None:
        """As a user would: a change of the spec makes a new generation."""
        known = self.get(kind, namespace, name)
        self._store(kind, known, merge(known, patch))

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """As a user would: finalizers hold the object."""
        known = self.cluster.get(kind, namespace, name)
        if known is None:
            return
        if known["metadata"].get("finalizers"):
            self.patch(kind, namespace, name, {"metadata": {"deletionTimestamp": render_time(self.now)}})
        else:
            self._remove(kind, known)

    def _remove(self, kind: Kind, obj: Manifest) -> None:
        """Garbage goes along, as the API server sees to it."""
        self._count += 1
        self.cluster.remove(kind, obj)
        for of, owned in self.cluster.owned(uid_of(obj)):
            self.delete(of, namespace_of(owned), name_of(owned))

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def settle(self, rounds: int = 60) -> None:
        """Run all controllers on all keys until a round does nothing."""
        for _ in range(rounds):
            if not any([self._run(controller) for controller in self.controllers]):
                return
        raise AssertionError("the controllers do not come to rest")

    def _run(self, controller: Controller) -> bool:
        keys = {key: None for watch in controller.watches for obj in self.cluster.list(watch.kind) for key in watch.keys(obj, self.cluster)}
        acted = False
        for key in keys:
            actions = [action for action in controller.plan(self.cluster, key, self.now) if not isinstance(action, Again)]
            for action in flat(actions):
                self._perform(action)
            acted = acted or bool(actions)
        return acted

    def _perform(self, action: Action) -> None:
        match action:
            case Create(kind, obj):
                self._create(kind, obj)
            case Update(kind, obj):
                self._store(kind, self.get(kind, namespace_of(obj), name_of(obj)), obj)
            case Patch(kind, namespace, name, patch) if self.cluster.get(kind, namespace, name):
                self.patch(kind, namespace, name, patch)
            case PatchStatus(kind, namespace, name, status):
                self.patch(kind, namespace, name, {"status": status})
            case Delete(kind, namespace, name):
                self.delete(kind, namespace, name)
            case Bind(namespace, pod, node):
                self.patch(core.POD, namespace, pod, {"spec": {"nodeName": node}})
            case Event():
                self.events.append(action)

    def _create(self, kind: Kind, obj: Manifest) -> None:
        metadata = dict(obj["metadata"])
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{self._count:05}"
        if self.cluster.get(kind, metadata.get("namespace", ""), metadata["name"]) is None:
            self.put(kind, obj | {"metadata": metadata | {"generation": 1, "creationTimestamp": render_time(self.now)}})

    def _store(self, kind: Kind, known: Manifest, obj: Manifest) -> None:
        if obj["metadata"].get("deletionTimestamp") and not obj["metadata"].get("finalizers"):
            self._remove(kind, known)
            return
        if obj == known:
            return
        generation = known["metadata"].get("generation", 1) + (obj.get("spec") != known.get("spec"))
        self.put(kind, obj | {"metadata": obj["metadata"] | {"generation": generation}})

    def run_pods(self, *, ready: bool = True) -> None:
        """Be the node: pods that have a node run (and are ready), pods that are terminating are gone."""
        for pod in list(self.cluster.list(core.POD)):
            if is_terminating(pod):
                self._remove(core.POD, pod)
            elif pod["spec"].get("nodeName") and pod.get("status", {}).get("phase") != "Running":
                number = pod["metadata"]["resourceVersion"]
                condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": render_time(self.now)}
                status = {"phase": "Running", "podIP": f"10.244.0.{number}", "conditions": [condition]}
                self.patch(core.POD, namespace_of(pod), name_of(pod), {"status": status})

    def live(self, *, ready: bool = True, rounds: int = 30) -> None:
        """Controllers and node in turn, until both rest."""
        for _ in range(rounds):
            before = self._count
            self.settle()
            self.run_pods(ready=ready)
            if self._count == before:
                return
        raise AssertionError("the world does not come to rest")


def run(plan: Callable[..., Sequence[Action]], key: Key, *objects: tuple[Kind, Manifest], **options: Any) -> list[Action]:
    """One plan over these objects, now."""
    return list(plan(Cluster.of(objects), key, NOW, **options))
