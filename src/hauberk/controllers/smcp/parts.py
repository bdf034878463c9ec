"""What the parts of a control plane are made of: one object that it wants, and the mesh that wants it. Pure."""

from dataclasses import dataclass
from typing import Any

from hauberk.controllers.mesh.membership import Mesh
from hauberk.controllers.objects import at
from hauberk.controllers.smcp.profiles import applied_spec
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of

__all__ = ["ControlPlane", "Part"]


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A ServiceMeshControlPlane as its parts need it; `spec` is the one with the profiles merged in."""

    manifest: Manifest
    spec: Manifest
    proxy_version: str
    """Tag of the proxy's image, and the operator's version in labels and status."""

    @classmethod
    def of(cls, manifest: Manifest, proxy_version: str) -> "ControlPlane":
        """Merge the profiles. Raises: ProfileUnknown."""
        return cls(manifest, applied_spec(manifest.get("spec") or {}), proxy_version)

    @property
    def mesh(self) -> Mesh:
        """Its name as a mesh."""
        return Mesh(namespace_of(self.manifest), name_of(self.manifest))

    @property
    def version(self) -> tuple[int, int]:
        """`spec.version`, such as (2, 1); what cannot be read counts as the newest."""
        try:
            major, minor = str(self.spec["version"]).removeprefix("v").split(".")
            return int(major), int(minor)
        except ValueError:
            return (2, 5)

    def says(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path of the spec, `default` where it is not set."""
        return at(self.spec, path, default)


@dataclass(frozen=True, slots=True)
class Part:
    """One object that a control plane wants; `component` is the chart that it comes from (label app.kubernetes.io/component)."""

    kind: Kind
    component: str
    manifest: Manifest
