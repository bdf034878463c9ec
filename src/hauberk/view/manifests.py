"""From an object of the API to a change of the view: the one place where the two meet."""

from collections.abc import Callable, Mapping

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.k8s.parse_authorization import parse_authorization_policy
from hauberk.k8s.parse_mesh import parse_namespace
from hauberk.k8s.parse_secret import parse_tls_credential
from hauberk.k8s.parse_security import parse_peer_authentication
from hauberk.k8s.parse_service import parse_endpoint_slice, parse_service
from hauberk.k8s.parse_service_entry import parse_service_entry
from hauberk.k8s.parse_sidecar import parse_sidecar
from hauberk.k8s.parse_traffic import parse_destination_rule, parse_gateway, parse_virtual_service
from hauberk.k8s.parse_workload import parse_workload
from hauberk.model.objects import ObjectRef
from hauberk.view.changes import Change, Delete, ModelObject, Put

__all__ = ["VIEW_KINDS", "parse_change"]

_PARSERS: Mapping[str, Callable[[Manifest], ModelObject | None]] = {
    "Namespace": parse_namespace,
    "Secret": parse_tls_credential,
    "Pod": parse_workload,
    "Service": parse_service,
    "EndpointSlice": parse_endpoint_slice,
    "PeerAuthentication": parse_peer_authentication,
    "AuthorizationPolicy": parse_authorization_policy,
    "DestinationRule": parse_destination_rule,
    "VirtualService": parse_virtual_service,
    "ServiceEntry": parse_service_entry,
    "Sidecar": parse_sidecar,
    "Gateway": parse_gateway,
}
VIEW_KINDS = tuple(_PARSERS)
"""Kinds that a view is made of, besides the mesh's settings (`k8s.parse_mesh`, which takes two objects)."""


def parse_change(manifest: Manifest, *, deleted: bool = False) -> Change | None:
    """The change that an event about `manifest` means; None where its kind is no part of a view.

    An object that counts for nothing (any more), such as a Pod that has finished, is deleted. Raises: ConfigError - the object
    cannot be used; log it and leave the view as it is.
    """
    kind = str(manifest.get("kind", ""))
    parse = _PARSERS.get(kind)
    if parse is None:
        return None
    parsed = None if deleted else parse(manifest)
    namespace = name_of(manifest) if kind == "Namespace" else namespace_of(manifest)  # as NamespaceOptions.ref
    return Delete(ObjectRef(kind, namespace, name_of(manifest))) if parsed is None else Put(parsed)
