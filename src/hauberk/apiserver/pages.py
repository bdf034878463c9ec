"""The pages that are no resources: discovery, health, version, OpenAPI.

No I/O.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from hauberk.apiserver import openapi
from hauberk.apiserver.catalogue import Catalogue
from hauberk.apiserver.discovery import aggregated, api_group, api_groups, api_resources, api_versions, has_group_version
from hauberk.apiserver.negotiate import DISCOVERY, wants_discovery
from hauberk.apiserver.openapi_v2 import CONTENT_TYPE, openapi_v2_protobuf
from hauberk.apiserver.request import truthy
from hauberk.errors import NotFoundError
from hauberk.k8s.kind import Manifest

__all__ = ["Page", "site_page"]

_JSON = "application/json"
_HEALTH = ("healthz", "livez", "readyz")
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
VERSION = {"major": "1", "minor": "36", "gitVersion": "v1.36.0+hauberk"}
"""The Kubernetes version whose API is served: that of the definitions in `kubernetes-validate`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A ready answer."""

    body: bytes
    content_type: str = _JSON


def site_page(catalogue: Catalogue, path: str, *, accept: str, query: Mapping[str, str], address: str) -> Page | None:
    """The page at `path`, None where there is none."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _json({"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]})
    if parts[0] in _HEALTH:
        return _health(parts[0], parts[1:], query)
    if parts == ["version"]:
        return _json(_version())
    if parts[0] == "openapi":
        return _openapi(catalogue, parts[1:], accept)
    if parts[0] in ("api", "apis"):
        return _discovery(catalogue, parts, accept, address)
    return None


def _discovery(catalogue: Catalogue, parts: list[str], accept: str, address: str) -> Page | None:
    core = parts[0] == "api"
    if len(parts) == 1:
        version = wants_discovery(accept)
        if version:
            body = orjson.dumps(aggregated(catalogue, core=core, version=version)) + b"\n"
            return Page(body, DISCOVERY.format(version=version))
        return _json(api_versions(address) if core else api_groups(catalogue))
    group, rest = ("", parts[1:]) if core else (parts[1], parts[2:])
    if not rest:
        return _json(api_group(catalogue, group)) if has_group_version(catalogue, group) else None
    if len(rest) > 1 or not has_group_version(catalogue, group, rest[0]):
        return None
    return _json(api_resources(catalogue, group, rest[0]))


def _openapi(catalogue: Catalogue, parts: list[str], accept: str) -> Page | None:
    if parts == ["v2"]:
        if "proto-openapi" in accept:  # kubectl asks for nothing else
            return Page(openapi_v2_protobuf(catalogue), CONTENT_TYPE)
        return Page(openapi.openapi_v2())
    if parts == ["v3"]:
        return Page(openapi.openapi_v3_index())
    if parts[:1] == ["v3"]:
        try:
            return Page(openapi.openapi_v3("/".join(parts[1:])))
        except NotFoundError:
            return None
    return None


def _health(name: str, rest: list[str], query: Mapping[str, str]) -> Page | None:
    """A server that answers is well: it starts to listen only when the store is loaded."""
    if rest not in ([], ["ping"]):
        return None
    verbose = truthy(query.get("verbose")) or query.get("verbose") == ""
    text = f"[+]ping ok\n{name} check passed\n" if verbose else "ok"
    return Page(text.encode(), "text/plain; charset=utf-8")


def _version() -> Manifest:
    machine = platform.machine()
    return VERSION | {
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": f"linux/{_MACHINES.get(machine, machine)}",
    }


def _json(content: Manifest) -> Page:
    return Page(orjson.dumps(content) + b"\n")
