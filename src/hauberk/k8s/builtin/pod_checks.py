"""Checks of pods and pod templates beyond the schema (kubernetes pkg/apis/core/validation/validation.go)."""

from decimal import Decimal, InvalidOperation
from typing import Final

from hauberk.k8s.kind import Manifest
from hauberk.k8s.metadata import check_labels
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, dns1123_subdomain, port_name, port_number

__all__ = ["check_pod", "check_pod_update", "check_template"]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_RESTART_POLICIES: Final = ("Always", "Never", "OnFailure")
_DNS_POLICIES: Final = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_MESSAGE_POLICIES: Final = ("FallbackToLogsOnError", "File")
_SUFFIXES: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_CHANGEABLE: Final = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
_UPDATE_TEXT: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_pod(pod: Manifest, review: Review) -> None:
    """Check a pod's spec."""
    _check_spec(pod.get("spec") or {}, "spec", review, _RESTART_POLICIES)


def check_template(template: Manifest, path: str, review: Review) -> None:
    """Check the pod template of a Deployment or ReplicaSet: its pods always restart."""
    check_labels((template.get("metadata") or {}).get("labels"), f"{path}.metadata.labels", review)
    _check_spec(template.get("spec") or {}, f"{path}.spec", review, ("Always",))


def check_pod_update(old: Manifest, new: Manifest, review: Review) -> None:
    """Refuse changes of a pod's spec, all but images and what may change at run time; binding it to a node is one change more."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    moved = before.get("nodeName") and before["nodeName"] != after.get("nodeName")
    if moved or _fixed(before) != _fixed(after):
        review.forbidden("spec", _UPDATE_TEXT, fix="Delete the pod and create it anew.")


def _fixed(spec: Manifest) -> Manifest:
    fixed = {key: value for key, value in spec.items() if key not in (*_CHANGEABLE, "nodeName", "containers", "initContainers")}
    for field in ("containers", "initContainers"):
        fixed[field] = [{key: value for key, value in entry.items() if key != "image"} for entry in spec.get(field) or ()]
    return fixed


def _check_spec(spec: Manifest, path: str, review: Review, restart_policies: tuple[str, ...]) -> None:
    volumes = _check_volumes(spec.get("volumes") or [], f"{path}.volumes", review)
    names: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            where = f"{path}.{field}[{index}]"
            _check_container_name(container.get("name"), where, names, review)
            _check_container(container, where, review)
            _check_mounts(container, where, volumes, review)
    if not spec.get("containers"):
        review.required(f"{path}.containers", fix="List at least one container with name and image.")
    _one_of(spec.get("restartPolicy"), f"{path}.restartPolicy", restart_policies, review)
    _one_of(spec.get("dnsPolicy"), f"{path}.dnsPolicy", _DNS_POLICIES, review)
    for problem in dns1123_subdomain(spec["serviceAccountName"]) if spec.get("serviceAccountName") else ():
        review.invalid(f"{path}.serviceAccountName", spec["serviceAccountName"], problem)


def _check_container_name(name: str | None, path: str, names: set[str], review: Review) -> None:
    if not name:
        review.required(f"{path}.name")
        return
    for problem in dns1123_label(name):
        review.invalid(f"{path}.name", name, problem)
    if name in names:
        review.duplicate(f"{path}.name", name)
    names.add(name)


def _check_container(container: Manifest, path: str, review: Review) -> None:
    if not container.get("image"):
        review.required(f"{path}.image")
    _one_of(container.get("imagePullPolicy"), f"{path}.imagePullPolicy", _PULL_POLICIES, review)
    _one_of(container.get("terminationMessagePolicy"), f"{path}.terminationMessagePolicy", _MESSAGE_POLICIES, review)
    _check_ports(container.get("ports") or [], f"{path}.ports", review)
    for index, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            review.required(f"{path}.env[{index}].name")
        if variable.get("value") and variable.get("valueFrom"):
            review.invalid(f"{path}.env[{index}].valueFrom", "", "may not be specified when `value` is not empty")
    _check_resources(container.get("resources") or {}, f"{path}.resources", review)


def _check_ports(ports: list[Manifest], path: str, review: Review) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        where, number, name = f"{path}[{index}]", port.get("containerPort") or 0, port.get("name")
        for problem in port_name(name) if name else ():
            review.invalid(f"{where}.name", name, problem)
        if name and name in names:
            review.duplicate(f"{where}.name", name)
        names.add(name or "")
        if number == 0:
            review.required(f"{where}.containerPort")
        for problem in port_number(number) if number else ():
            review.invalid(f"{where}.containerPort", number, problem)
        _one_of(port.get("protocol"), f"{where}.protocol", _PROTOCOLS, review)


def _check_resources(resources: Manifest, path: str, review: Review) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for resource, request in requests.items():
        limit = limits.get(resource)
        if limit is not None and _amount(request) > _amount(limit):
            review.invalid(f"{path}.requests", str(request), f"must be less than or equal to {resource} limit of {limit}")


def _amount(quantity: str | float) -> Decimal:
    """A quantity as a number; 0 for what the schema refuses anyway."""
    text = str(quantity)
    number = text.rstrip("numkKMGTPEi")
    suffix = text[len(number) :]
    factor = Decimal(1024) ** ("KMGTPE".index(suffix[0]) + 1) if suffix.endswith("i") else Decimal(10) ** _SUFFIXES.get(suffix, 0)
    try:
        return Decimal(number) * factor
    except InvalidOperation:
        return Decimal(0)


def _check_volumes(volumes: list[Manifest], path: str, review: Review) -> set[str]:
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        where, name = f"{path}[{index}]", volume.get("name")
        if not name:
            review.required(f"{where}.name")
        for problem in dns1123_label(name) if name else ():
            review.invalid(f"{where}.name", name, problem)
        if name in names:
            review.duplicate(f"{where}.name", name)
        names.add(name or "")
        sources = [field for field in volume if field != "name" and volume[field] is not None]
        if not sources:
            review.required(where, "must specify a volume type")
        for extra in sources[1:]:
            review.forbidden(f"{where}.{extra}", "may not specify more than 1 volume type")
    return names


def _check_mounts(container: Manifest, path: str, volumes: set[str], review: Review) -> None:
    places: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where, name, place = f"{path}.volumeMounts[{index}]", mount.get("name"), mount.get("mountPath")
        if not name:
            review.required(f"{where}.name")
        elif name not in volumes:
            review.not_found(f"{where}.name", name, "Declare the volume in spec.volumes.")
        if not place:
            review.required(f"{where}.mountPath")
        elif place in places:
            review.invalid(f"{where}.mountPath", place, "must be unique")
        places.add(place or "")


def _one_of(value: str | None, path: str, supported: tuple[str, ...], review: Review) -> None:
    if value is not None and value not in supported:
        review.unsupported(path, value, supported)
