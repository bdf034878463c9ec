"""`hauberk logs`: what a container printed."""

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from hauberk.cli.session import Container, Context, Instance, Namespace, Session, open_session, run
from hauberk.cli.usage import UsageError
from hauberk.errors import NotFoundError

if TYPE_CHECKING:
    from hauberk.k8s.kind import Manifest

__all__ = ["choose_container", "find_pod", "logs"]


def logs(  # noqa: PLR0913, PLR0917 - one parameter an option
    pod: Annotated[str, typer.Argument(metavar="POD", help="A pod, or deployment/NAME for the first of its pods.")],
    container_name: Annotated[str, typer.Argument(metavar="[CONTAINER]")] = "",
    container: Container = "",
    namespace: Namespace = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the container ends.")] = False,
    tail: Annotated[int, typer.Option("--tail", help="Only the last lines; -1: all.")] = -1,
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the run before the last restart.")] = False,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="Each line with its time.")] = False,
    since: Annotated[str, typer.Option("--since", help="Only lines younger than this: 5s, 2m, 3h.")] = "",
    context: Context = None,
    name: Instance = None,
) -> None:
    """Print a container's log.

    Example: hauberk logs deploy/productpage-v1 -n bookinfo -c istio-proxy
    """
    params = {
        "follow": "true" if follow else "",
        "tailLines": str(tail) if tail >= 0 else "",
        "previous": "true" if previous else "",
        "timestamps": "true" if timestamps else "",
        "sinceSeconds": str(_seconds(since)) if since else "",
    }

    async def command() -> None:
        from hauberk.k8s import core  # noqa: PLC0415
        from hauberk.k8s.kind import name_of  # noqa: PLC0415

        async with open_session(name, namespace, context=context) as session:
            found = await find_pod(session, pod)
            query = {key: value for key, value in params.items() if value}
            query["container"] = choose_container(found, container or container_name)
            path = core.POD.path(session.namespace, name_of(found), "log")
            async with aclosing(session.client.stream(path, params=query)) as chunks:
                async for chunk in chunks:
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.buffer.flush()

    run(command())


def _seconds(text: str) -> int:

    units = {"s": 1, "m": 60, "h": 3600}
    if not text[:-1].isdigit() or text[-1:] not in units:
        raise UsageError(f"--since {text}: write a number and s, m or h, such as 90s.")
    return int(text[:-1]) * units[text[-1]]


async def find_pod(session: Session, word: str) -> "Manifest":
    """The pod that `word` names: `POD`, `pod/POD`, or another kind with a selector, `deployment/NAME`, for its first pod.

    Raises: ApiStatusError, UsageError.
    """
    from hauberk.cli.targets import find_kind  # noqa: PLC0415
    from hauberk.client.discovery import discover  # noqa: PLC0415
    from hauberk.k8s import core  # noqa: PLC0415

    prefix, slash, name = word.rpartition("/")
    if not slash or prefix in ("pod", "pods", "po"):
        return await session.client.get(core.POD, name, session.namespace)
    kind = find_kind(prefix, await discover(session.client))
    owner = await session.client.get(kind, name, session.namespace)
    selector = owner.get("spec", {}).get("selector") or {}
    labels = selector.get("matchLabels", selector)
    terms = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = (await session.client.list(core.POD, session.namespace, params={"labelSelector": terms})).items
    if not labels or not pods:
        raise NotFoundError(f"timed out waiting for the condition: {word} has no pod")
    return next((pod for pod in pods if pod.get("status", {}).get("phase") == "Running"), pods[0])


def choose_container(pod: "Manifest", asked: str) -> str:
    """The container to talk to: `asked`, else the one that the pod's annotation names, else its first, saying so where there are more.

    Raises: UsageError for a container that the pod does not have.
    """
    from hauberk.k8s.kind import name_of  # noqa: PLC0415

    spec = pod.get("spec", {})
    containers = [container["name"] for container in spec.get("containers", ())]
    others = [container["name"] for container in spec.get("initContainers", ())]
    if asked:
        if asked not in (*containers, *others):
            raise UsageError(f"container {asked} is not valid for pod {name_of(pod)}")
        return asked
    annotations = pod.get("metadata", {}).get("annotations") or {}
    named = annotations.get("kubectl.kubernetes.io/default-container", "")
    if named in containers:
        return str(named)
    if len(containers) + len(others) > 1:
        init = "".join(f", {other} (init)" for other in others)
        print(f'Defaulted container "{containers[0]}" out of: {", ".join(containers)}{init}', file=sys.stderr)
    return str(containers[0])
