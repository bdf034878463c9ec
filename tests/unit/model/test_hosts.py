"""Short and full host names."""

import pytest

from hauberk.model.hosts import resolve_host


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("reviews", "reviews.bookinfo.svc.cluster.local"),
        ("reviews.other", "reviews.other"),
        ("jaeger-collector.istio-system.svc", "jaeger-collector.istio-system.svc"),
        ("reviews.bookinfo.svc.cluster.local", "reviews.bookinfo.svc.cluster.local"),
        ("*", "*"),
        ("*.local", "*.local"),
    ],
)
def test_only_a_name_without_dots_is_short(written: str, resolved: str) -> None:
    assert resolve_host(written, "bookinfo") == resolved
