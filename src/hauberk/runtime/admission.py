"""Admission plugins of the API server, made of the controllers' pure functions."""

from collections.abc import Callable
from importlib.metadata import version

from hauberk.apiserver.admission import Admission, AdmissionPlugin, AdmissionRequest, Operation, Reader, Refusal
from hauberk.apiserver.authorize import decide
from hauberk.apiserver.request import Target
from hauberk.controllers import admission as webhooks
from hauberk.controllers.injection import inject_sidecar
from hauberk.errors import ConfigError
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest

__all__ = ["admission_plugins"]

_Objects = Callable[[Manifest, Manifest | None, Reader, webhooks.Asker], webhooks.Objection | None]
_Completes = Callable[[Manifest, Manifest | None], Manifest]


def admission_plugins() -> tuple[AdmissionPlugin, ...]:
    """What stands where a cluster has the webhooks of istiod and of the operator, in their order: mutating, then validating."""
    return (_inject, _complete, _review)


def _inject(request: AdmissionRequest, reader: Reader) -> Admission:
    if request.kind != core.POD or request.operation is not Operation.CREATE or request.obj is None or request.subresource:
        return Admission()
    try:
        return Admission(inject_sidecar(request.obj, reader, version=version("hauberk")))
    except ConfigError as error:
        return Admission(refusal=Refusal(f'admission webhook "sidecar-injector.istio.io" denied the request: {error}', 400, "BadRequest"))


def _complete(request: AdmissionRequest, _reader: Reader) -> Admission:
    complete = _COMPLETES.get(request.kind.kind)
    if request.obj is None or complete is None or request.subresource:
        return Admission()
    return Admission(complete(request.obj, request.old))


def _review(request: AdmissionRequest, reader: Reader) -> Admission:
    objects = _OBJECTS.get(request.kind.kind)
    if request.obj is None or objects is None or request.subresource:
        return Admission()
    objection = objects(request.obj, request.old, reader, _asker(request, reader))
    if objection is None:
        return Admission()
    reason = "Forbidden" if objection.code == 403 else "BadRequest"
    return Admission(refusal=Refusal(str(objection), objection.code, reason, alone=True))


def _asker(request: AdmissionRequest, reader: Reader) -> webhooks.Asker:
    """The user, with the API's own authorizer for a SubjectAccessReview."""

    def may(access: webhooks.Access) -> bool:
        kind = access.kind
        target = Target(
            access.verb,
            "",
            group=kind.group,
            version=kind.version,
            resource=kind.plural,
            namespace=access.namespace,
            name=access.name,
        )
        return decide(request.user, target, reader)

    return webhooks.Asker(request.user.name, may)


_COMPLETES: dict[str, _Completes] = {
    maistra.SERVICE_MESH_CONTROL_PLANE.kind: webhooks.complete_control_plane,
    maistra.SERVICE_MESH_MEMBER_ROLL.kind: lambda roll, _old: webhooks.complete_member_roll(roll),
}
_OBJECTS: dict[str, _Objects] = {
    maistra.SERVICE_MESH_CONTROL_PLANE.kind: webhooks.object_to_control_plane,
    maistra.SERVICE_MESH_MEMBER_ROLL.kind: webhooks.object_to_member_roll,
    maistra.SERVICE_MESH_MEMBER.kind: lambda member, old, _reader, asker: webhooks.object_to_member(member, old, asker),
}
