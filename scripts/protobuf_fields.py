#!/usr/bin/env python3
"""Condenses Kubernetes' protobuf layout into src/hauberk/apiserver/protobuf_fields.json.

    go mod download k8s.io/api@v0.36.0 k8s.io/apimachinery@v0.36.0
    scripts/protobuf_fields.py ~/go/pkg/mod/k8s.io v0.36.0

kubectl's typed commands (create, run, auth, ...) send protobuf and nothing else. The layout is in two places: the wire types in
generated.proto, and in types.go the JSON names, which structs are inlined, and which zero values JSON writes. Only what the served
kinds reach is kept, and no text: {message: [[number, label, type, json name, writes zero], ...]}; an empty JSON name is an inlined
message; label is o (optional), r (repeated) or m (map from strings).
"""

import json
import re
import sys
from pathlib import Path

ROOTS = {
    "core.v1": "Binding ConfigMap Endpoints Event Namespace Node Pod Secret Service ServiceAccount",
    "apps.v1": "Deployment ReplicaSet",
    "discovery.v1": "EndpointSlice",
    "autoscaling.v1": "Scale",
    "authentication.v1": "SelfSubjectReview TokenRequest TokenReview",
    "authorization.v1": "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    "meta.v1": "DeleteOptions",
}
FOLDERS = {
    "core.v1": "api/core/v1",
    "apps.v1": "api/apps/v1",
    "discovery.v1": "api/discovery/v1",
    "autoscaling.v1": "api/autoscaling/v1",
    "authentication.v1": "api/authentication/v1",
    "authorization.v1": "api/authorization/v1",
    "meta.v1": "apimachinery/pkg/apis/meta/v1",
}
PACKAGES = {
    ".k8s.io.api.core.v1.": "core.v1.",
    ".k8s.io.api.authentication.v1.": "authentication.v1.",
    ".k8s.io.apimachinery.pkg.apis.meta.v1.": "meta.v1.",
    ".k8s.io.apimachinery.pkg.api.resource.": "",
    ".k8s.io.apimachinery.pkg.util.intstr.": "",
    ".k8s.io.apimachinery.pkg.runtime.": "",
}
SCALARS = {"string", "bytes", "bool", "int32", "int64", "double"}
OWN_FORMS = {"Quantity", "IntOrString", "RawExtension", "meta.v1.Time", "meta.v1.MicroTime", "meta.v1.FieldsV1", "meta.v1.Duration"}
"""Messages whose JSON is no object; the decoder knows them."""

FIELD = re.compile(r"^  (optional|repeated|map<string, *([^>]+)>) *(\S*) +(\w+) = (\d+);", re.M)
MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.M | re.S)
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.M | re.S)
MEMBER = re.compile(r'^\t(?:\w+ +)?(\S+) +`json:"([^"]*)" protobuf:"\w+,(\d+),', re.M)


def type_name(package: str, raw: str) -> str:
    """`.k8s.io.api.core.v1.Pod` -> core.v1.Pod; a bare name is of `package`."""
    if raw in SCALARS:
        return raw
    for long, short in PACKAGES.items():
        if raw.startswith(long):
            return short + raw.removeprefix(long)
    return f"{package}.{raw}"


def layout(folder: Path, package: str) -> dict[str, list[list[object]]]:
    """The messages of one API group's folder."""
    structs = {}
    for source in sorted(folder.glob("*types.go")):
        for name, body in STRUCT.findall(source.read_text()):
            structs[name] = {int(number): (go_type, tag) for go_type, tag, number in MEMBER.findall(body)}
    messages = {}
    for name, body in MESSAGE.findall((folder / "generated.proto").read_text()):
        fields = []
        for label, map_value, plain, field_name, number in FIELD.findall(body):
            go_type, tag = structs.get(name, {}).get(int(number), ("", f"{field_name},omitempty"))
            json_name, *options = tag.split(",")
            zero = go_type.startswith("*") or "omitempty" not in options
            fields.append([int(number), label[0], type_name(package, map_value or plain), "" if "inline" in options else json_name, zero])
        messages[f"{package}.{name}"] = fields
    return messages


def reachable(messages: dict[str, list[list[object]]]) -> dict[str, list[list[object]]]:
    """The messages that the roots lead to."""
    todo = [f"{package}.{name}" for package, names in ROOTS.items() for name in names.split()]
    kept = {}
    while todo:
        name = todo.pop()
        if name in kept or name in SCALARS or name in OWN_FORMS:
            continue
        kept[name] = messages[name]
        todo += [str(field[2]) for field in messages[name]]
    return dict(sorted(kept.items()))


def main() -> None:
    """Write the table."""
    modules, version = Path(sys.argv[1]), sys.argv[2]
    messages = {}
    for package, folder in FOLDERS.items():
        module, _, rest = folder.partition("/")
        messages |= layout(modules / f"{module}@{version}" / rest, package)
    target = Path(__file__).parent.parent / "src/hauberk/apiserver/protobuf_fields.json"
    lines = [f"{json.dumps(name)}: {json.dumps(fields, separators=(',', ':'))}" for name, fields in reachable(messages).items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
