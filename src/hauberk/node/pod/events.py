"""What happens to a pod (events) and what is to be done about it (effects): the words of `machine.step`. No I/O."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = [
    "Begin",
    "ConfirmDeletion",
    "ContainerExited",
    "ContainerNotStarted",
    "ContainerStarted",
    "CreateNetwork",
    "Deleted",
    "Effect",
    "Event",
    "KillContainer",
    "LivenessFailed",
    "NetworkFailed",
    "NetworkReady",
    "ReadinessChanged",
    "Report",
    "StartContainer",
    "StartDelayed",
    "StartupPassed",
    "StopContainer",
    "Teardown",
    "Tick",
]


# -- Events: what happened --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Begin:
    """The pod was bound to this node."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; see `machine.next_wake`."""


@dataclass(frozen=True, slots=True)
class NetworkReady:
    """The pod's network exists."""

    ip: str


@dataclass(frozen=True, slots=True)
class NetworkFailed:
    """The pod's network could not be made."""

    message: str


@dataclass(frozen=True, slots=True)
class StartDelayed:
    """A start is under way but waits for something else."""

    name: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ContainerStarted:
    """A process runs."""

    name: str
    container_id: str


@dataclass(frozen=True, slots=True)
class ContainerNotStarted:
    """No process came to be; `reason` as kubelet's (ErrImagePull, CreateContainerError, CreateContainerConfigError)."""

    name: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ContainerExited:
    """The process of a container ended, or could not be executed (`reason` StartError, with a message)."""

    name: str
    exit_code: int
    signal: int = 0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class StartupPassed:
    """The startup probe succeeded."""

    name: str


@dataclass(frozen=True, slots=True)
class ReadinessChanged:
    """The readiness probe came to another verdict."""

    name: str
    ready: bool


@dataclass(frozen=True, slots=True)
class LivenessFailed:
    """The liveness or startup probe (`probe`) failed as often as it may."""

    name: str
    probe: str
    grace: timedelta | None = None
    """The probe's own terminationGracePeriodSeconds."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The API's object has a deletionTimestamp, or is gone (`grace` zero)."""

    grace: timedelta


Event = (
    Begin
    | Tick
    | NetworkReady
    | NetworkFailed
    | StartDelayed
    | ContainerStarted
    | ContainerNotStarted
    | ContainerExited
    | StartupPassed
    | ReadinessChanged
    | LivenessFailed
    | Deleted
)


# -- Effects: what is to be done --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CreateNetwork:
    """Make the pod's network; answer NetworkReady or NetworkFailed."""


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Start a container for the (`attempt` + 1)-th time; answer ContainerStarted or ContainerNotStarted."""

    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StopContainer:
    """Send SIGTERM, or give up a start that is under way."""

    name: str


@dataclass(frozen=True, slots=True)
class KillContainer:
    """Send SIGKILL."""

    name: str


@dataclass(frozen=True, slots=True)
class Teardown:
    """Nothing runs any more: take the network and the pod's files away."""


@dataclass(frozen=True, slots=True)
class ConfirmDeletion:
    """Delete the API's object with gracePeriodSeconds 0; the pod is gone from this node."""


@dataclass(frozen=True, slots=True)
class Report:
    """Write an Event about the pod, or about its container `container`."""

    type: str
    reason: str
    message: str
    container: str = ""


Effect = CreateNetwork | StartContainer | StopContainer | KillContainer | Teardown | ConfirmDeletion | Report
