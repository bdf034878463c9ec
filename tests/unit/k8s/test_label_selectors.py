from typing import Any

import pytest

from hauberk.k8s.label_selectors import selects


@pytest.mark.parametrize(
    ("selector", "web", "bare"),
    [
        (None, True, True),
        ({}, True, True),
        ({"matchLabels": {"app": "web"}}, True, False),
        ({"matchLabels": {"app": "api"}}, False, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["api"]}]}, True, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True, False),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False, True),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, False, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False, False),
    ],
)
def test_all_that_a_selector_says_must_hold(selector: Any, web: bool, bare: bool) -> None:
    assert (selects(selector, {"app": "web"}), selects(selector, {})) == (web, bare)
