"""Checking 1,000 PeerAuthentications and DestinationRules, one in ten with two mistakes: pydantic beside the alternatives.

    .venv/bin/uv run --with msgspec --with jsonschema-rs python bench/manifests.py

What is not installed is left out. Each row is the best of five rounds; `mistakes` counts what was found in one round.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any, Literal

from pydantic import ValidationError

from hauberk.errors import Level
from hauberk.k8s.istio.destination_rule import DestinationRuleSpec
from hauberk.k8s.istio.peer_authentication import PeerAuthenticationSpec
from hauberk.k8s.kind import Manifest
from hauberk.k8s.networking import DESTINATION_RULE
from hauberk.k8s.schema import model_schema, unknown_fields
from hauberk.k8s.security import PEER_AUTHENTICATION

COUNT = 1000
ROUNDS = 5
KINDS = {"PeerAuthentication": PEER_AUTHENTICATION, "DestinationRule": DESTINATION_RULE}
MODELS = {"PeerAuthentication": PeerAuthenticationSpec, "DestinationRule": DestinationRuleSpec}


def make_peer_authentication(number: int, *, bad: bool) -> Manifest:
    modes = {"8080": {"mode": "STRICTT" if bad else "STRICT"}, "9090": {"mode": 1 if bad else "DISABLE"}}
    spec = {"selector": {"matchLabels": {"app": f"app-{number}"}}, "mtls": {"mode": "PERMISSIVE"}, "portLevelMtls": modes}
    return {"kind": "PeerAuthentication", "metadata": {"name": f"pa-{number}", "namespace": "default"}, "spec": spec}


def make_destination_rule(number: int, *, bad: bool) -> Manifest:
    tls = {"mode": "NONE" if bad else "ISTIO_MUTUAL"}
    subsets = [{"name": f"v{version}", "labels": {"version": 1 if bad and version == 1 else f"v{version}"}} for version in range(3)]
    spec = {"host": f"app-{number}.default.svc.cluster.local", "trafficPolicy": {"tls": tls}, "subsets": subsets}
    return {"kind": "DestinationRule", "metadata": {"name": f"dr-{number}", "namespace": "default"}, "spec": spec}


def by_pydantic(obj: Manifest) -> int:
    try:
        MODELS[obj["kind"]].model_validate(obj["spec"])
    except ValidationError as error:
        return error.error_count()
    return 0


def by_kind(obj: Manifest) -> int:
    """What the API server does: unknown fields, metadata, model, checks that span fields, warnings."""
    kind = KINDS[obj["kind"]]
    return len(unknown_fields(kind, obj)) + sum(finding.level is Level.ERROR for finding in kind.validate(obj))


def with_jsonschema_rs() -> Callable[[Manifest], int]:
    library = import_module("jsonschema_rs")
    validators = {name: library.validator_for(model_schema(model)) for name, model in MODELS.items()}
    return lambda obj: sum(1 for _ in validators[obj["kind"]].iter_errors(obj["spec"]))


def with_jsonschema() -> Callable[[Manifest], int]:
    library = import_module("jsonschema")
    validators = {name: library.Draft202012Validator(model_schema(model)) for name, model in MODELS.items()}
    return lambda obj: sum(1 for _ in validators[obj["kind"]].iter_errors(obj["spec"]))


def with_msgspec() -> Callable[[Manifest], int]:
    msgspec = import_module("msgspec")

    def struct(name: str, *fields: tuple[str, Any] | tuple[str, Any, Any]) -> Any:
        return msgspec.defstruct(name, fields, rename="camel")

    mode = struct("Mtls", ("mode", Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] | None, None))
    selector = struct("Selector", ("match_labels", dict[str, str] | None, None))
    tls = struct("Tls", ("mode", Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] | None, None), ("sni", str | None, None))
    policy = struct("Policy", ("tls", tls | None, None))
    subset = struct("Subset", ("name", str), ("labels", dict[str, str] | None, None), ("traffic_policy", policy | None, None))
    structs = {
        "PeerAuthentication": struct(
            "Pa", ("selector", selector | None, None), ("mtls", mode | None, None), ("port_level_mtls", dict[str, mode] | None, None)
        ),
        "DestinationRule": struct(
            "Dr",
            ("host", str),
            ("traffic_policy", policy | None, None),
            ("subsets", list[subset] | None, None),  # type: ignore[valid-type] # made at run time
        ),
    }

    def check(obj: Manifest) -> int:
        try:
            msgspec.convert(obj["spec"], structs[obj["kind"]])
        except msgspec.ValidationError:
            return 1
        return 0

    return check


def measure(name: str, check: Callable[[Manifest], int], objects: list[Manifest]) -> None:
    best, mistakes = float("inf"), 0
    for _ in range(ROUNDS):
        start = perf_counter()
        mistakes = sum(check(obj) for obj in objects)
        best = min(best, perf_counter() - start)
    print(f"{name:<34} {best * 1000:8.1f} ms  {best / len(objects) * 1e6:7.1f} us/object  {mistakes:4} mistakes")


def main() -> None:
    makers = (make_peer_authentication, make_destination_rule)
    objects = [makers[number % 2](number, bad=number % 10 < 2 and number % 20 < 2) for number in range(COUNT)]
    measure("pydantic", by_pydantic, objects)
    for name, library, make in (
        ("msgspec (first mistake only)", "msgspec", with_msgspec),
        ("jsonschema-rs", "jsonschema_rs", with_jsonschema_rs),
        ("jsonschema (pure Python)", "jsonschema", with_jsonschema),
    ):
        if find_spec(library):
            measure(name, make(), objects)
        else:
            print(f"{name:<34} not installed")
    measure("Kind.validate and unknown_fields", by_kind, objects)


if __name__ == "__main__":
    main()
