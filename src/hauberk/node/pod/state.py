"""What the node knows of one pod: its containers as planned and as they are.

Values only; `machine.step` is the one place that makes a new state from an old one. Sources: Kubernetes v1.36
pkg/kubelet (kuberuntime_manager.go: order of starts; kubelet_pods.go: phases; util/flowcontrol/backoff.go: crash back-off).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.names import PROXY_CONTAINER
from hauberk.node.pod.programs import is_proxy_image

__all__ = [
    "ContainerPlan",
    "ContainerState",
    "Ended",
    "NetworkPhase",
    "PodState",
    "RestartPolicy",
    "Role",
    "Run",
    "plan_containers",
]

DEFAULT_GRACE_SECONDS = 30


class RestartPolicy(StrEnum):
    """`spec.restartPolicy`."""

    ALWAYS = "Always"
    ON_FAILURE = "OnFailure"
    NEVER = "Never"


class Role(StrEnum):
    """What a container is for, which decides when it starts, whether it restarts and whether the pod waits for it."""

    SIDECAR = "sidecar"
    """`istio-proxy` beside applications: starts first, must be ready before anything else, stops last."""
    INIT = "init"
    """An init container: runs to completion, in order."""
    NATIVE = "native"
    """An init container with restartPolicy Always: must have started before the next, stops after the applications."""
    APP = "app"


class Run(StrEnum):
    """Where a container is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    EXITED = "exited"
    """Ended for good; one that is to be restarted is WAITING again, with `last` set."""


class NetworkPhase(StrEnum):
    """The pod's network namespace."""

    ABSENT = "absent"
    CREATING = "creating"
    READY = "ready"
    GONE = "gone"
    """Taken down after the last container ended; it does not come back."""


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """A container as the pod's spec wants it."""

    name: str
    image: str
    role: Role
    restart: RestartPolicy
    has_readiness_probe: bool = False
    has_startup_probe: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of a container ended; `signal` is 0 where it exited by itself (then `exit_code` is 128 + signal otherwise)."""

    exit_code: int
    finished_at: datetime
    started_at: datetime | None = None
    signal: int = 0
    container_id: str = ""
    reason: str = ""
    message: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it exited with 0."""
        return self.exit_code == 0


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container as it is."""

    run: Run = Run.WAITING
    reason: str = ""
    """Why it waits, in kubelet's words (CrashLoopBackOff, ErrImagePull); empty: it has not had its turn yet."""
    message: str = ""
    container_id: str = ""
    """Of the newest run; empty before the first."""
    started_at: datetime | None = None
    ended: Ended | None = None
    """The end, once EXITED."""
    last: Ended | None = None
    """The end of the run before this one."""
    restarts: int = 0
    ready: bool = False
    startup_passed: bool = False
    retry_at: datetime | None = None
    """While WAITING: not to be started before."""
    start_failures: int = 0
    """Starts in a row that failed before a process ran."""
    crash_delay: timedelta | None = None
    """Back-off that the next crash meets; None before the first restart."""
    restarted_at: datetime | None = None
    kill_at: datetime | None = None
    """SIGTERM was sent; SIGKILL is due then."""
    killed: bool = False

    @property
    def alive(self) -> bool:
        """Whether there is, or is about to be, a process."""
        return self.run in (Run.STARTING, Run.RUNNING)


@dataclass(frozen=True, slots=True)
class PodState:
    """One pod; immutable, so that an old state can be compared with a new one."""

    namespace: str
    name: str
    uid: str
    plans: tuple[ContainerPlan, ...]
    """In the order of starting: sidecar, init containers, applications."""
    restart_policy: RestartPolicy
    grace: timedelta
    containers: Mapping[str, ContainerState] = field(default_factory=dict)
    network: NetworkPhase = NetworkPhase.ABSENT
    network_retry_at: datetime | None = None
    ip: str = ""
    refusal: str = ""
    """What the spec asks for that this node does not have; such a pod never starts."""
    failure: str = ""
    """Why the pod has failed as a whole (the reason in its status), where no container tells."""
    started_at: datetime | None = None
    delete_by: datetime | None = None
    """The pod is being deleted, and whatever runs then is killed."""
    removed: bool = False

    def __getitem__(self, name: str) -> ContainerState:
        """The state of a container of this pod."""
        return self.containers.get(name, _FRESH)

    def having(self, name: str, container: ContainerState) -> Self:
        """The pod with another state of one container."""
        return replace(self, containers={**self.containers, name: container})

    def plan(self, name: str) -> ContainerPlan:
        """The plan of a container; KeyError where the pod has none of that name."""
        for plan in self.plans:
            if plan.name == name:
                return plan
        raise KeyError(name)

    def of_role(self, *roles: Role) -> Iterator[tuple[ContainerPlan, ContainerState]]:
        """Containers of these roles, in the order of starting."""
        return ((plan, self[plan.name]) for plan in self.plans if plan.role in roles)

    @property
    def full_name(self) -> str:
        """`name_namespace(uid)`, as kubelet's messages have it."""
        return f"{self.name}_{self.namespace}({self.uid})"


_FRESH = ContainerState()


def plan_containers(pod: Manifest) -> PodState:
    """The state of a pod before anything happened, from its manifest."""
    spec = pod["spec"]
    policy = RestartPolicy(spec.get("restartPolicy") or RestartPolicy.ALWAYS)
    containers = spec.get("containers") or []
    beside = len(containers) > 1  # a gateway's pod holds istio-proxy alone: there it is the application
    sidecars = [c for c in containers if beside and c["name"] == PROXY_CONTAINER]
    grace = spec.get("terminationGracePeriodSeconds")
    return PodState(
        namespace=namespace_of(pod),
        name=name_of(pod),
        uid=uid_of(pod),
        plans=(
            *(_plan(c, Role.SIDECAR, RestartPolicy.ALWAYS) for c in sidecars),
            *(_plan_init(c, policy) for c in spec.get("initContainers") or []),
            *(_plan(c, Role.APP, policy) for c in containers if c not in sidecars),
        ),
        restart_policy=policy,
        grace=timedelta(seconds=DEFAULT_GRACE_SECONDS if grace is None else grace),
    )


def _plan_init(container: Manifest, policy: RestartPolicy) -> ContainerPlan:
    if container.get("restartPolicy") == RestartPolicy.ALWAYS:
        return _plan(container, Role.NATIVE, RestartPolicy.ALWAYS)
    return _plan(container, Role.INIT, RestartPolicy.NEVER if policy is RestartPolicy.NEVER else RestartPolicy.ON_FAILURE)


def _plan(container: Manifest, role: Role, restart: RestartPolicy) -> ContainerPlan:
    return ContainerPlan(
        name=container["name"],
        image=container.get("image", ""),
        role=role,
        restart=restart,
        # Envoy's readiness is its own word (probes.plan_probes), whether or not the spec has a probe for it
        has_readiness_probe="readinessProbe" in container or is_proxy_image(container.get("image", "")),
        has_startup_probe="startupProbe" in container,
    )
