"""Probes as plans and counts: what to try, when, and what a run of answers means. No I/O; `prober` does the trying.

Source: Kubernetes v1.36 pkg/kubelet/prober/worker.go; defaults of the API's Probe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from hauberk.errors import ConfigError
from hauberk.k8s.kind import Manifest
from hauberk.node.pod.programs import is_proxy_image

__all__ = ["EnvoyReady", "Exec", "Handler", "HttpGet", "ProbeCount", "ProbeKind", "ProbePlan", "TcpSocket", "observe", "plan_probes"]

EAGER_PERIOD = timedelta(milliseconds=100)
"""How often Envoy is asked until it is ready for the first time: applications wait for it (start to LIVE takes 52 ms)."""


class ProbeKind(StrEnum):
    """What a probe is for; the value is the word in kubelet's messages."""

    STARTUP = "startup"
    READINESS = "readiness"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class HttpGet:
    """GET answered with 200 to 399; an empty host is the pod's address."""

    port: int
    path: str = "/"
    scheme: str = "HTTP"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """A connection that opens; an empty host is the pod's address."""

    port: int
    host: str = ""


@dataclass(frozen=True, slots=True)
class Exec:
    """A command in the container that exits with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnvoyReady:
    """`/ready` on Envoy's admin socket answers LIVE."""


Handler = HttpGet | TcpSocket | Exec | EnvoyReady


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """A probe with its timing."""

    kind: ProbeKind
    handler: Handler
    initial_delay: timedelta = timedelta(0)
    period: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(seconds=1)
    success_threshold: int = 1
    failure_threshold: int = 3
    grace: timedelta | None = None
    """terminationGracePeriodSeconds of the probe, for the kill that follows its failure."""

    def delay_after(self, count: "ProbeCount") -> timedelta:
        """From one try to the next."""
        eager = isinstance(self.handler, EnvoyReady) and count.verdict is None
        return min(EAGER_PERIOD, self.period) if eager else self.period


@dataclass(frozen=True, slots=True)
class ProbeCount:
    """Answers alike in a row, and the verdict that stands (None before the first)."""

    verdict: bool | None = None
    last: bool | None = None
    run: int = 0


def observe(plan: ProbePlan, count: ProbeCount, succeeded: bool) -> tuple[ProbeCount, bool | None]:
    """Count one answer; the second value is the new verdict where it changed, else None.

    A readiness probe starts out as failed, so its first failures change nothing.
    """
    run = count.run + 1 if count.last is succeeded else 1
    count = replace(count, last=succeeded, run=run)
    if run < (plan.success_threshold if succeeded else plan.failure_threshold):
        return count, None
    standing = count.verdict if count.verdict is not None else (False if plan.kind is ProbeKind.READINESS else None)
    if standing is succeeded:
        return count, None
    return replace(count, verdict=succeeded), succeeded


def plan_probes(container: Manifest) -> tuple[ProbePlan, ...]:
    """The probes of a container. Envoy has one of its own for readiness, with the timing of the manifest's.

    Raises: ConfigError - a handler that is not implemented (grpc), or a port name that the container does not have.
    """
    ports = {port["name"]: int(port["containerPort"]) for port in container.get("ports") or [] if port.get("name")}
    plans = []
    for kind in ProbeKind:
        probe = container.get(f"{kind.value}Probe")
        if is_proxy_image(container.get("image", "")):
            if kind is ProbeKind.READINESS:
                timing = probe or {"periodSeconds": 2}
                plans.append(replace(_plan(kind, EnvoyReady(), timing), initial_delay=timedelta(0)))
        elif probe:
            plans.append(_plan(kind, _handler(probe, f"{kind.value}Probe of {container['name']}", ports), probe))
    return tuple(plans)


def _plan(kind: ProbeKind, handler: Handler, probe: Manifest) -> ProbePlan:
    grace = probe.get("terminationGracePeriodSeconds")
    return ProbePlan(
        kind=kind,
        handler=handler,
        initial_delay=timedelta(seconds=probe.get("initialDelaySeconds") or 0),
        period=timedelta(seconds=probe.get("periodSeconds") or 10),
        timeout=timedelta(seconds=probe.get("timeoutSeconds") or 1),
        success_threshold=probe.get("successThreshold") or 1,
        failure_threshold=probe.get("failureThreshold") or 3,
        grace=None if grace is None else timedelta(seconds=grace),
    )


def _handler(probe: Manifest, where: str, ports: Mapping[str, int]) -> Handler:
    if (http := probe.get("httpGet")) is not None:
        headers = tuple((h["name"], str(h.get("value", ""))) for h in http.get("httpHeaders") or [])
        path = str(http.get("path") or "/")
        path = path if path.startswith("/") else f"/{path}"
        return HttpGet(_port(http["port"], where, ports), path, str(http.get("scheme") or "HTTP"), str(http.get("host") or ""), headers)
    if (tcp := probe.get("tcpSocket")) is not None:
        return TcpSocket(_port(tcp["port"], where, ports), str(tcp.get("host") or ""))
    if (command := probe.get("exec")) is not None:
        return Exec(tuple(command.get("command") or ()))
    kinds = [key for key in ("grpc",) if key in probe]
    raise ConfigError(f"{where}: {', '.join(kinds) or 'no handler'} is not implemented; use httpGet, tcpSocket or exec")


def _port(port: int | str, where: str, ports: Mapping[str, int]) -> int:
    if isinstance(port, int) or port.isdigit():
        return int(port)
    if port not in ports:
        raise ConfigError(f'{where}: the container has no port named "{port}"; add it under ports, or give the number')
    return ports[port]
