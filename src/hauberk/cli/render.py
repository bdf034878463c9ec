"""Objects and failures as kubectl prints them. No I/O."""

from collections.abc import Callable, Sequence
from typing import Any

from hauberk.cli.usage import UsageError
from hauberk.k8s.kind import Manifest

__all__ = ["render_failure", "render_objects", "render_value", "render_yaml"]

_FORMATS = "json,jsonpath,name,wide,yaml"


def render_objects(objects: Sequence[Manifest], output: str, *, single: bool, names: Sequence[str] = ()) -> str:
    """Objects in the format `output`, ending as kubectl ends it (jsonpath has no line end).

    `single`: one object was asked for by name, so it is not wrapped into a List. `names` are the objects' `kind/name`.
    Raises: UsageError for another format.
    """
    kind, _, argument = output.partition("=")
    if kind == "name":
        return "".join(f"{name}\n" for name in names)
    bare = [_without_managed_fields(obj) for obj in objects]
    value = bare[0] if single else {"apiVersion": "v1", "items": bare, "kind": "List", "metadata": {"resourceVersion": ""}}
    if kind == "json":
        return _render_json(value)
    if kind == "yaml":
        return render_yaml(value)
    if kind == "jsonpath" and argument:
        from hauberk.cli.jsonpath import parse_template  # noqa: PLC0415 - other formats do without it

        return parse_template(argument).render(value)
    raise UsageError(f'unable to match a printer suitable for the output format "{output}", allowed formats are: {_FORMATS}')


def render_value(value: Any, output: str) -> str:
    """Any value as JSON (in its own order) or YAML. Raises: UsageError for another format."""
    import json  # noqa: PLC0415

    if output == "json":
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if output == "yaml":
        return render_yaml(value)
    raise UsageError(f'unable to match a printer suitable for the output format "{output}", allowed formats are: json,yaml')


def _without_managed_fields(obj: Manifest) -> Manifest:
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def _render_json(value: Any) -> str:
    import json  # noqa: PLC0415 - orjson cannot indent by 4

    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False) + "\n"


def render_yaml(value: Any) -> str:
    """YAML as Go's printer writes it: keys sorted, text of several lines as a block, strings that read as numbers quoted doubly."""
    import yaml  # noqa: PLC0415 - slow to import, and only needed here

    class Dumper(yaml.SafeDumper):
        pass

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        resolve: Callable[..., str] = dumper.resolve
        if style is None and resolve(yaml.ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str":
            style = '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    text: str = yaml.dump(value, Dumper=Dumper, default_flow_style=False, allow_unicode=True, width=2**31)
    return text


def render_failure(status: Manifest) -> str:
    """A Status as kubectl tells it: `Error from server (NotFound): pods "x" not found`, or the causes of an invalid object."""
    reason, message = status.get("reason") or "", status.get("message") or "unknown error"
    details = status.get("details") or {}
    if reason == "Invalid" and details.get("name") is not None and details.get("causes"):
        causes = [f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in details["causes"]]
        text = causes[0] if len(causes) == 1 else "\n" + "\n".join(f"* {cause}" for cause in causes)
        return f'The {details.get("kind", "object")} "{details["name"]}" is invalid: {text}'
    return f"Error from server ({reason}): {message}" if reason else f"Error from server: {message}"
