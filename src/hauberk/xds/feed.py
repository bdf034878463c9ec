"""From changes of the API's objects to changes of each mesh's view.

    SMCP                    opens, resets and closes a mesh
    SMMR `default`          settings of the mesh in its namespace (members)
    everything else         parsed once, told to every mesh; each view keeps to its members

Pure: the edge hands in changes as informers report them, in their order, and performs the effects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hauberk.errors import ConfigError
from hauberk.k8s import core, discovery, maistra, networking, security
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.k8s.parse_mesh import parse_mesh_settings
from hauberk.model.mesh import MeshSettings
from hauberk.model.objects import ObjectRef
from hauberk.view.changes import Change, Delete, Put
from hauberk.view.manifests import parse_change

__all__ = ["FEED_KINDS", "MEMBER_ROLL_NAME", "Closed", "Feed", "FeedEffect", "Moved", "Opened", "Skipped"]

FEED_KINDS: Final[tuple[Kind, ...]] = (
    core.SERVICE,
    core.POD,
    core.NAMESPACE,
    core.SECRET,
    discovery.ENDPOINT_SLICE,
    security.PEER_AUTHENTICATION,
    security.AUTHORIZATION_POLICY,
    networking.DESTINATION_RULE,
    networking.VIRTUAL_SERVICE,
    networking.GATEWAY,
    networking.SERVICE_ENTRY,
    networking.SIDECAR,
    maistra.SERVICE_MESH_CONTROL_PLANE,
    maistra.SERVICE_MESH_MEMBER_ROLL,
)
"""What to run informers for, in all namespaces."""

MEMBER_ROLL_NAME: Final = "default"
"""The only name of a member roll that OpenShift Service Mesh takes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A mesh is there: its settings, and everything known so far."""

    settings: MeshSettings
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """Something changed in the view of the mesh that `mesh` names."""

    mesh: ObjectRef
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The mesh is gone."""

    mesh: ObjectRef


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object cannot be used as written; what was known of it before stays in force."""

    ref: ObjectRef
    reason: str


FeedEffect = Opened | Moved | Closed | Skipped


class Feed:
    """What is known of the API's objects, as far as meshes are concerned."""

    def __init__(self) -> None:
        self._objects: dict[ObjectRef, Put] = {}
        self._planes: dict[ObjectRef, Manifest] = {}
        self._rolls: dict[str, Manifest] = {}
        self._meshes: dict[ObjectRef, MeshSettings] = {}

    @property
    def meshes(self) -> Mapping[ObjectRef, MeshSettings]:
        """The meshes that are open, by their ServiceMeshControlPlane."""
        return self._meshes

    def take(self, manifest: Manifest, *, deleted: bool = False) -> tuple[FeedEffect, ...]:
        """What an object that was written or deleted means for the meshes."""
        ref = ObjectRef(str(manifest.get("kind", "")), namespace_of(manifest), name_of(manifest))
        if ref.kind == maistra.SERVICE_MESH_CONTROL_PLANE.kind:
            return self._take_plane(ref, manifest, deleted=deleted)
        if ref.kind == maistra.SERVICE_MESH_MEMBER_ROLL.kind:
            return self._take_roll(ref, manifest, deleted=deleted)
        try:
            change = parse_change(manifest, deleted=deleted)
        except ConfigError as error:
            return (Skipped(ref, str(error)),)
        return self._take_object(ref, change)

    def _take_plane(self, ref: ObjectRef, manifest: Manifest, *, deleted: bool) -> tuple[FeedEffect, ...]:
        if not deleted:
            self._planes[ref] = manifest
            return self._reset(ref)
        self._planes.pop(ref, None)
        return (Closed(ref),) if self._meshes.pop(ref, None) is not None else ()

    def _take_roll(self, ref: ObjectRef, manifest: Manifest, *, deleted: bool) -> tuple[FeedEffect, ...]:
        if ref.name != MEMBER_ROLL_NAME:
            return ()
        if deleted:
            self._rolls.pop(ref.namespace, None)
        else:
            self._rolls[ref.namespace] = manifest
        planes = [plane for plane in self._planes if plane.namespace == ref.namespace]
        return tuple(effect for plane in planes for effect in self._reset(plane))

    def _take_object(self, ref: ObjectRef, change: Change | None) -> tuple[FeedEffect, ...]:
        if change is None:
            return ()
        if isinstance(change, Delete):
            if self._objects.pop(ref, None) is None:
                return ()
        elif self._objects.get(ref) == change:
            return ()  # what differs is nothing that a view holds, such as a Pod's conditions
        else:
            self._objects[ref] = change
        return tuple(Moved(mesh, (change,)) for mesh in self._meshes)

    def _reset(self, plane: ObjectRef) -> tuple[FeedEffect, ...]:
        """The mesh with its settings of now: opened, moved, or left alone where nothing that counts has changed."""
        try:
            settings = parse_mesh_settings(self._planes[plane], self._rolls.get(plane.namespace))
        except ConfigError as error:
            return (Skipped(plane, str(error)),)
        before = self._meshes.get(plane)
        self._meshes[plane] = settings
        if before is None:
            return (Opened(settings, tuple(self._objects.values())),)
        return (Moved(plane, (Put(settings),)),) if settings != before else ()
