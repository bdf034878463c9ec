"""LabelSelectors: whether labels are selected. Source: k8s.io/apimachinery pkg/apis/meta/v1/helpers.go."""

from collections.abc import Mapping

from hauberk.k8s.kind import Manifest

__all__ = ["selects"]


def selects(selector: Manifest | None, labels: Mapping[str, str]) -> bool:
    """All of `matchLabels` and all of `matchExpressions` hold; an empty selector selects everything, an absent one too."""
    wanted = (selector or {}).get("matchLabels") or {}
    expressions = (selector or {}).get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in wanted.items()) and all(_holds(one, labels) for one in expressions)


def _holds(expression: Manifest, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(str(expression.get("key", ""))), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":  # also where there is no such label, as upstream
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
