"""Upstream's OpenAPI definitions of the built-in kinds, read once from the `kubernetes-validate` wheel (docs/adr/0003).

A definition is a JSON Schema in the small form that `schema` walks: one `type`, `$ref` by bare name, no `null` alternatives.
This is the only file of `k8s` that reads a file; the data belong to the installed package and do not change while we run.
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from hauberk.errors import EnvironmentProblem

__all__ = ["INT_OR_STRING", "KUBERNETES_VERSION", "OBJECT_META", "QUANTITY", "Schema", "definitions"]

Schema = dict[str, Any]

KUBERNETES_VERSION: Final = "1.36.0"
"""Whose definitions are taken; the version that the recorded answers of a real API server come from."""
OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING: Final = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

_KEPT: Final = (
    "io.k8s.api.core.v1.",
    "io.k8s.api.apps.v1.",
    "io.k8s.api.discovery.v1.",
    "io.k8s.api.networking.v1.",
    "io.k8s.apimachinery.",
)
"""Of 771 definitions 325 belong to these; the rest is dropped after reading."""
_SPECIAL: Final[dict[str, Schema]] = {
    QUANTITY: {"description": "A number with a binary or decimal suffix: 100m, 1.5Gi.", "type": "string", "format": "quantity"},
    INT_OR_STRING: {"description": "A number, or a name or percentage.", "type": "string", "format": "int-or-string"},
}
_REF: Final = "#/$defs/"


@cache
def definitions() -> Mapping[str, Schema]:
    """The definitions by name (`io.k8s.api.core.v1.Pod`).

    Raises: EnvironmentProblem - the wheel is not installed, or no longer carries this version.
    """
    path = _definitions_path()
    try:
        every = orjson.loads(path.read_bytes())["$defs"]
    except (OSError, ValueError, KeyError) as error:
        raise EnvironmentProblem(
            f"Cannot read the Kubernetes definitions in {path} ({error}). Install the locked kubernetes-validate again: make setup."
        ) from error
    kept = {name: _simplified(schema) for name, schema in every.items() if name.startswith(_KEPT)}
    return kept | _SPECIAL


def _definitions_path() -> Path:
    # The package itself is not imported: that would load jsonschema and PyYAML for a path.
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentProblem("The package kubernetes-validate is not installed. Install Hauberk's dependencies: make setup.")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema" / f"v{KUBERNETES_VERSION}-local" / "_definitions.json"


def _simplified(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_simplified(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    simple = {key: _simplified(value) for key, value in schema.items()}
    if isinstance(simple.get("type"), list):
        simple["type"] = simple["type"][0]
        # The wheel pins apiVersion and kind by `enum`; upstream's own definitions do not.
        simple.pop("enum", None)
    if isinstance(simple.get("$ref"), str):
        simple["$ref"] = simple["$ref"].removeprefix(_REF)
    return simple
