"""Core group (`v1`)."""

from hauberk.k8s.builtin import objects
from hauberk.k8s.builtin.pod_checks import check_pod, check_pod_update
from hauberk.k8s.builtin.pod_columns import POD_COLUMNS
from hauberk.k8s.builtin.pod_defaults import complete_pod
from hauberk.k8s.builtin.service import SERVICE_COLUMNS, check_service, check_service_update, complete_service
from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind
from hauberk.k8s.syntax import dns1035_label, dns1123_label

__all__ = ["CONFIG_MAP", "ENDPOINTS", "EVENT", "KINDS", "NAMESPACE", "NODE", "POD", "SECRET", "SERVICE", "SERVICE_ACCOUNT"]

NAMESPACE = checked(
    Kind(
        "",
        "v1",
        "Namespace",
        "namespaces",
        namespaced=False,
        short_names=("ns",),
        status=True,
        strategic=True,
        columns=objects.NAMESPACE_COLUMNS,
        complete=objects.complete_namespace,
    ),
    name=dns1123_label,
)
POD = checked(
    Kind(
        "",
        "v1",
        "Pod",
        "pods",
        short_names=("po",),
        categories=("all",),
        status=True,
        strategic=True,
        columns=POD_COLUMNS,
        complete=complete_pod,
    ),
    check_pod,
    update=check_pod_update,
)
SERVICE = checked(
    Kind(
        "",
        "v1",
        "Service",
        "services",
        short_names=("svc",),
        categories=("all",),
        status=True,
        strategic=True,
        columns=SERVICE_COLUMNS,
        complete=complete_service,
    ),
    check_service,
    update=check_service_update,
    name=dns1035_label,
)
ENDPOINTS = checked(
    Kind(
        "",
        "v1",
        "Endpoints",
        "endpoints",
        short_names=("ep",),
        strategic=True,
        columns=objects.ENDPOINTS_COLUMNS,
        complete=objects.complete_endpoints,
    )
)
SERVICE_ACCOUNT = checked(
    Kind("", "v1", "ServiceAccount", "serviceaccounts", short_names=("sa",), strategic=True, columns=objects.SERVICE_ACCOUNT_COLUMNS)
)
SECRET = checked(
    Kind("", "v1", "Secret", "secrets", strategic=True, columns=objects.SECRET_COLUMNS, complete=objects.complete_secret),
    objects.check_secret,
    update=objects.check_secret_update,
)
CONFIG_MAP = checked(
    Kind("", "v1", "ConfigMap", "configmaps", short_names=("cm",), strategic=True, columns=objects.CONFIG_MAP_COLUMNS),
    objects.check_config_map,
    update=objects.check_data_update,
)
EVENT = checked(Kind("", "v1", "Event", "events", short_names=("ev",), strategic=True, columns=objects.EVENT_COLUMNS))
NODE = checked(
    Kind("", "v1", "Node", "nodes", namespaced=False, short_names=("no",), status=True, strategic=True, columns=objects.NODE_COLUMNS)
)

KINDS = (
    NAMESPACE,
    POD,
    SERVICE,
    ENDPOINTS,
    SERVICE_ACCOUNT,
    SECRET,
    CONFIG_MAP,
    EVENT,
    NODE,
)
