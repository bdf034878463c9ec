from collections.abc import Sequence

import pytest

from hauberk.apiserver.admission import AdmissionRequest, Operation, admit
from hauberk.apiserver.request import User
from hauberk.apiserver.status import ApiError
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.runtime.admission import admission_plugins

SMCP: Manifest = {"metadata": {"name": "basic", "namespace": "istio-system"}, "spec": {"version": "v2.1", "profiles": ["default"]}}
SMMR: Manifest = {"metadata": {"name": "default", "namespace": "istio-system"}, "spec": {"members": ["books"]}}
POD: Manifest = {
    "metadata": {"name": "p", "namespace": "books", "annotations": {"sidecar.istio.io/inject": "true"}},
    "spec": {"containers": [{"name": "app", "image": "hauberk/echo"}], "serviceAccountName": "default"},
}


ADMIN = User("admin", ("system:masters",))


class Objects:
    """A read-only view of a few objects."""

    def __init__(self, *objects: tuple[Kind, Manifest]) -> None:
        self._objects = objects

    def get(self, kind: Kind, namespace: str | None, name: str) -> Manifest | None:
        found = [obj for obj in self.list(kind) if name_of(obj) == name and namespace_of(obj) == (namespace or "")]
        return found[0] if found else None

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Manifest]:
        return [obj for of, obj in self._objects if of == kind and namespace in (None, namespace_of(obj))]


MESH = Objects((maistra.SERVICE_MESH_CONTROL_PLANE, SMCP), (maistra.SERVICE_MESH_MEMBER_ROLL, SMMR))


def request(
    kind: Kind,
    obj: Manifest,
    *,
    operation: Operation = Operation.CREATE,
    old: Manifest | None = None,
    subresource: str = "",
    user: User = ADMIN,
) -> AdmissionRequest:
    return AdmissionRequest(operation, kind, namespace_of(obj), name_of(obj), obj, old, user, subresource=subresource)


def admitted(asked: AdmissionRequest, reader: Objects = MESH) -> Manifest:
    answer = admit(admission_plugins(), asked, reader).obj
    assert answer is not None
    return answer


def containers(pod: Manifest) -> list[str]:
    return [container["name"] for container in pod["spec"]["containers"]]


def test_a_pod_of_a_member_namespace_gets_its_sidecar_when_it_is_created() -> None:
    assert containers(admitted(request(core.POD, POD))) == ["app", "istio-proxy"]


def test_a_pod_elsewhere_or_one_that_is_only_updated_gets_none() -> None:
    elsewhere = POD | {"metadata": POD["metadata"] | {"namespace": "outside"}}
    assert containers(admitted(request(core.POD, elsewhere))) == ["app"]
    assert containers(admitted(request(core.POD, POD, operation=Operation.UPDATE, old=POD))) == ["app"]
    assert containers(admitted(request(core.POD, POD, subresource="status"))) == ["app"]


def test_a_control_plane_is_completed_and_a_second_one_refused() -> None:
    bare = {"metadata": {"name": "other", "namespace": "elsewhere"}, "spec": {"version": "v2.1"}}
    assert admitted(request(maistra.SERVICE_MESH_CONTROL_PLANE, bare))["spec"]["profiles"] == ["default"]
    second = {"metadata": {"name": "second", "namespace": "istio-system"}, "spec": {"version": "v2.1"}}
    with pytest.raises(ApiError, match="only one service mesh may be installed per project/namespace"):
        admitted(request(maistra.SERVICE_MESH_CONTROL_PLANE, second))


def test_a_roll_that_takes_another_rolls_member_is_refused() -> None:
    roll = {"metadata": {"name": "default", "namespace": "istio-system-certs"}, "spec": {"members": ["books"]}}
    with pytest.raises(ApiError, match="already defined in another ServiceMeshMemberRoll"):
        admitted(request(maistra.SERVICE_MESH_MEMBER_ROLL, roll))


def test_a_member_of_another_name_is_refused() -> None:
    member = {
        "metadata": {"name": "other", "namespace": "books"},
        "spec": {"controlPlaneRef": {"name": "basic", "namespace": "istio-system"}},
    }
    with pytest.raises(ApiError, match='must be named "default"'):
        admitted(request(maistra.SERVICE_MESH_MEMBER, member))


def test_the_apis_authorizer_is_asked_who_may_and_the_answer_is_the_webhooks() -> None:
    roll = {"metadata": {"name": "default", "namespace": "istio-system"}, "spec": {"members": ["mine"]}}
    with pytest.raises(ApiError) as refused:
        admitted(request(maistra.SERVICE_MESH_MEMBER_ROLL, roll, user=User("bob", ("system:authenticated",))))
    assert (refused.value.code, refused.value.reason) == (403, "Forbidden")
    assert str(refused.value) == (
        'admission webhook "smmr.validation.maistra.io" denied the request: '
        "user 'bob' does not have permission to access namespace(s): [mine]"
    )
