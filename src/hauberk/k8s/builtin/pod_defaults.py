"""Defaults of pods and pod templates (kubernetes pkg/apis/core/v1/defaults.go, and the admission plug-ins that always run)."""

from typing import Final

from hauberk.k8s.kind import Manifest

__all__ = ["complete_pod", "complete_template"]

_FILE_MODE: Final = 0o644
_TOKEN_SECONDS: Final = 3600
_EVICTION_SECONDS: Final = 300
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def complete_pod(pod: Manifest) -> None:
    """Fill in what a pod does not say: its template's defaults, its account, priority, tolerations and first status."""
    spec = pod.setdefault("spec", {})
    spec.setdefault("serviceAccountName", spec.get("serviceAccount") or "default")
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    tolerations = spec.setdefault("tolerations", [])
    for trouble in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{trouble}"
        if not any(entry.get("key") in (key, None) for entry in tolerations if isinstance(entry, dict)):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _EVICTION_SECONDS})
    _complete_spec(spec)
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", _qos_class(spec))


def complete_template(template: Manifest) -> None:
    """Fill in the defaults of a pod template."""
    _complete_spec(template.setdefault("spec", {}))


def _complete_spec(spec: Manifest) -> None:
    for field, value in (("restartPolicy", "Always"), ("dnsPolicy", "ClusterFirst"), ("schedulerName", "default-scheduler")):
        spec.setdefault(field, value)
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("securityContext", {})
    if spec.get("serviceAccountName") or spec.get("serviceAccount"):
        # The older name is kept equal, for clients that read it.
        spec["serviceAccount"] = spec["serviceAccountName"] = spec.get("serviceAccountName") or spec["serviceAccount"]
    for container in [*_objects(spec.get("initContainers")), *_objects(spec.get("containers"))]:
        _complete_container(container)
    for volume in _objects(spec.get("volumes")):
        _complete_volume(volume)


def _complete_container(container: Manifest) -> None:
    container.setdefault("imagePullPolicy", _pull_policy(str(container.get("image", ""))))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        # What is limited is also requested, unless said otherwise.
        resources["requests"] = resources["limits"] | (resources.get("requests") or {})
    for port in _objects(container.get("ports")):
        port.setdefault("protocol", "TCP")
    for variable in _objects(container.get("env")):
        _complete_field_ref(variable.get("valueFrom"))
    for probe in _objects([container.get(name) for name in _PROBES]):
        _complete_probe(probe)
    for hook in _objects([(container.get("lifecycle") or {}).get(name) for name in ("postStart", "preStop")]):
        _complete_http(hook.get("httpGet"))


def _complete_probe(probe: Manifest) -> None:
    for field, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(field, value)
    _complete_http(probe.get("httpGet"))
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"].setdefault("service", "")


def _complete_http(action: object) -> None:
    if isinstance(action, dict):
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def _complete_volume(volume: Manifest) -> None:
    if not volume.keys() - {"name"}:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if isinstance(volume.get(source), dict):
            volume[source].setdefault("defaultMode", _FILE_MODE)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    projected = volume.get("projected")
    sources = _objects(projected.get("sources")) if isinstance(projected, dict) else []
    for part in sources:
        if isinstance(part.get("serviceAccountToken"), dict):
            part["serviceAccountToken"].setdefault("expirationSeconds", _TOKEN_SECONDS)
    for holder in [volume, *sources]:
        items = holder["downwardAPI"].get("items") if isinstance(holder.get("downwardAPI"), dict) else None
        for item in _objects(items):
            _complete_field_ref(item)


def _complete_field_ref(holder: object) -> None:
    if isinstance(holder, dict) and isinstance(holder.get("fieldRef"), dict):
        holder["fieldRef"].setdefault("apiVersion", "v1")


def _pull_policy(image: str) -> str:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _qos_class(spec: Manifest) -> str:
    containers = [*_objects(spec.get("initContainers")), *_objects(spec.get("containers"))]
    resources = [container.get("resources") for container in containers]
    wanted = [(entry.get("requests") or {}, entry.get("limits") or {}) for entry in resources if isinstance(entry, dict)]
    if not any(requests or limits for requests, limits in wanted):
        return "BestEffort"
    guaranteed = all(limits.keys() >= {"cpu", "memory"} and requests == limits for requests, limits in wanted)
    return "Guaranteed" if guaranteed else "Burstable"


def _objects(items: object) -> list[Manifest]:
    """The objects of a list; what is none is left for validation to name."""
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
