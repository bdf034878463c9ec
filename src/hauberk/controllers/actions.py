"""What a plan may ask for, as plain values. `perform` does them, in order; the first that fails ends the plan.

Texts of events may hold `{name}` (of the object that was made) and `{error}` (why it could not be made): a name given by
the server and a refusal are not known when the plan is made.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from hauberk.k8s.kind import Kind, Manifest

__all__ = ["Action", "Again", "Attempt", "Bind", "Create", "Delete", "Event", "Patch", "PatchStatus", "Together", "Update"]


@dataclass(frozen=True, slots=True)
class Event:
    """Tell the owner of `regarding` what happened; one that repeats counts up instead of piling up."""

    regarding: Manifest
    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"


@dataclass(frozen=True, slots=True)
class Create:
    """Create `object`; one that is there already is no error, the next plan sees it."""

    kind: Kind
    object: Manifest
    succeeded: Event | None = None
    failed: Event | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object; its `metadata.resourceVersion` is the one that the plan has seen, so that nobody's write is lost."""

    kind: Kind
    object: Manifest


@dataclass(frozen=True, slots=True)
class Patch:
    """A JSON merge patch on an object; one that is gone is no error."""

    kind: Kind
    namespace: str
    name: str
    patch: Manifest


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """A JSON merge patch on an object's `status`, with null for what goes; one that is gone is no error."""

    kind: Kind
    namespace: str
    name: str
    status: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object with this uid; one that is gone, or another one by now, is no error."""

    kind: Kind
    namespace: str
    name: str
    uid: str
    succeeded: Event | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """Assign a pod to a node (pods/binding)."""

    namespace: str
    pod: str
    node: str


@dataclass(frozen=True, slots=True)
class Again:
    """Plan this key again after some time, for what only the clock changes."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Together:
    """Do these at the same time, so that they share the API's commits; all are tried, and the first failure is raised."""

    actions: tuple["Action", ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Do `action`; where the API refuses it, write `refused` (with the refusal for `{error}` in its texts) before that is raised."""

    action: "Action"
    refused: PatchStatus


Action = Attempt | Create | Update | Patch | PatchStatus | Delete | Bind | Event | Again | Together
