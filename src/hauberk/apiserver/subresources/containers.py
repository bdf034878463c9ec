"""Which container of which pod a log, exec or proxy request means, and the node's path for it.

No I/O. Source: kubernetes/pkg/registry/core/pod/strategy.go. The node's paths are in its own API (see `hauberk.node`).
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from hauberk.apiserver.status import bad_request, unavailable
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["exec_path", "log_path", "port_of_service", "proxy_path", "split_port"]

_LOG_PARAMETERS = ("follow", "tailLines", "timestamps", "previous", "sinceSeconds", "sinceTime", "limitBytes")
_EXEC_FLAGS = ("stdin", "stdout", "stderr", "tty")


def log_path(pod: Manifest, query: Mapping[str, str]) -> str | None:
    """The node's path of a container's log; None where no node has the pod yet, whose log is then empty.

    Raises: ApiError 400 where the container is not clear.
    """
    container = _container(pod, query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return None
    parameters = {key: query[key] for key in _LOG_PARAMETERS if query.get(key)}
    return f"/containerLogs/{namespace_of(pod)}/{name_of(pod)}/{container}?{urlencode(parameters)}"


def exec_path(pod: Manifest, query: Sequence[tuple[str, str]]) -> str:
    """The node's path for running a command; `query` keeps the order and the repetitions of `command`.

    Raises: ApiError 400.
    """
    single = dict(query)
    container = _container(pod, single.get("container", ""))
    phase = pod.get("status", {}).get("phase")
    if phase in ("Succeeded", "Failed"):
        raise bad_request(f"cannot exec into a container in a completed pod; current phase is {phase}")
    _check_host(pod)
    parameters = [(key, value) for key, value in query if key == "command"]
    if not parameters:
        raise bad_request("you must specify at least one command for the container")
    parameters += [(flag, "1") for flag in _EXEC_FLAGS if single.get(flag, "").lower() in ("1", "true")]
    return f"/exec/{namespace_of(pod)}/{name_of(pod)}/{container}?{urlencode(parameters)}"


def proxy_path(pod: Manifest, port: str, rest: str) -> str:
    """The node's path of an HTTP request to a pod's port; without one, to the first port of its containers.

    Raises: ApiError 400, 503.
    """
    _check_host(pod)
    if not pod.get("status", {}).get("podIP"):
        raise unavailable(f"pod {name_of(pod)} has no address yet; wait until it is Running")
    number = _port_number(pod, port)
    return f"/proxy/{namespace_of(pod)}/{name_of(pod)}/{number}{quote(rest or '/', safe='/%')}"


def split_port(name: str) -> tuple[str, str]:
    """`http:web:8080` or `web:8080` or `web` -> name and port (may be empty).

    Raises: ApiError 503 for https, which nobody here serves.
    """
    parts = name.split(":")
    if len(parts) == 3:
        scheme, name, port = parts
        if scheme not in ("http", ""):
            raise unavailable(f'the proxy speaks http only, not "{scheme}"')
        return name, port
    return parts[0], parts[1] if len(parts) > 1 else ""


def port_of_service(service: Manifest, port: str) -> Manifest:
    """The entry of `spec.ports` with the number or name `port`, or the only one.

    Raises: ApiError 503.
    """
    ports: list[Manifest] = service["spec"].get("ports", [])
    if not port and len(ports) == 1:
        return ports[0]
    for entry in ports:
        if port and port in (str(entry["port"]), entry.get("name")):
            return entry
    raise unavailable(f'no endpoints available for service "{name_of(service)}": it has no port "{port}"')


def _container(pod: Manifest, wanted: str) -> str:
    spec = pod["spec"]
    containers, init = [c["name"] for c in spec["containers"]], [c["name"] for c in spec.get("initContainers", [])]
    if wanted:
        if wanted not in containers + init:
            raise bad_request(f"container {wanted} is not valid for pod {name_of(pod)}")
        return wanted
    if len(containers) == 1:
        return str(containers[0])
    more = f" or one of the init containers: [{' '.join(init)}]" if init else ""
    raise bad_request(f"a container name must be specified for pod {name_of(pod)}, choose one of: [{' '.join(containers)}]{more}")


def _check_host(pod: Manifest) -> None:
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {name_of(pod)} does not have a host assigned")


def _port_number(pod: Manifest, port: str) -> int:
    declared = [entry for container in pod["spec"]["containers"] for entry in container.get("ports", [])]
    if port.isdigit():
        return int(port)
    for entry in declared:
        if not port or entry.get("name") == port:
            return int(entry["containerPort"])
    raise bad_request(f'pod {name_of(pod)} has no port "{port}": give its number, as in {name_of(pod)}:8080')
