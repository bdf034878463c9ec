"""Views of small meshes."""

from hauberk.model.mesh import MeshSettings
from hauberk.model.service import Service
from hauberk.model.workload import Workload
from hauberk.view.apply import apply
from hauberk.view.changes import ModelObject, Put
from hauberk.view.mesh_view import MeshView, empty_view
from tests.unit.model.builders import make_service, make_settings, make_slice, make_workload

DETAILS = "details.bookinfo.svc.cluster.local"
REVIEWS = "reviews.bookinfo.svc.cluster.local"


def make_view(*objects: ModelObject, settings: MeshSettings | None = None) -> MeshView:
    """A mesh with the member namespace `bookinfo`."""
    return apply(empty_view(settings or make_settings("bookinfo")), [Put(obj) for obj in objects])[0]


def bookinfo_objects() -> list[ModelObject]:
    """details (one pod) and reviews (v1 and v2), all with sidecars, HTTP on 9080."""
    details = make_workload("details-1", address="10.244.0.1")
    reviews = [
        make_workload(f"reviews-{version}", address=f"10.244.0.{number}", labels={"app": "reviews", "version": version})
        for number, version in ((2, "v1"), (3, "v2"))
    ]
    services: list[Service] = [make_service("details"), make_service("reviews", vip="10.96.0.2")]
    workloads: list[Workload] = [details, *reviews]
    return [*services, *workloads, make_slice("details", details), make_slice("reviews", *reviews)]
