from hauberk.k8s.route import KINDS, ROUTE


def test_a_route_is_openshifts() -> None:
    assert KINDS == (ROUTE,)
    assert (ROUTE.api_version, ROUTE.path("istio-system", "x")) == (
        "route.openshift.io/v1",
        "/apis/route.openshift.io/v1/namespaces/istio-system/routes/x",
    )
