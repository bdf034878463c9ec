import pytest

from hauberk.cli.usage import UsageError
from hauberk.cli.wait import is_met, seconds_of
from tests.unit.cli.conftest import Hauberk, Typed

POD = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}, {"type": "Healthy", "status": "False"}]}}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("condition=Ready", True),
        ("condition=ready=true", True),
        ("condition=Healthy", False),
        ("condition=Healthy=False", True),
        ("condition=Other", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Pending", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.other}", False),
        ("delete", False),
    ],
)
def test_conditions_of_an_object(condition: str, met: bool) -> None:
    assert is_met(POD, condition) is met


def test_an_object_without_a_status_meets_nothing() -> None:
    assert is_met({}, "condition=Ready") is False


@pytest.mark.parametrize("condition", ["", "ready", "condition=", "jsonpath="])
def test_other_conditions_are_refused(condition: str) -> None:
    with pytest.raises(UsageError, match="unrecognized condition"):
        is_met(POD, condition)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("2m", 120), ("1h", 3600), ("500ms", 0.5), ("7", 7)])
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "1d", "1sm"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        seconds_of(text)


def test_a_condition_that_holds_is_told(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("wait", "ns", namespace, "--for", "jsonpath={.status.phase}=Active")
    assert typed == Typed(f"namespace/{namespace} condition met\n")


def test_a_condition_that_does_not_come_fails_in_time(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("wait", f"ns/{namespace}", "--for", "condition=Ready", "--timeout", "50ms")
    assert typed == Typed("", f"error: timed out waiting for the condition on namespaces/{namespace}\n", 1)


def test_what_is_not_there_can_only_be_waited_for_to_be_gone(namespace: str, hauberk: Hauberk) -> None:
    assert hauberk("wait", "cm/x", "-n", namespace, "--for", "delete") == Typed("configmap/x condition met\n")
    assert hauberk("wait", "cm/x", "-n", namespace, "--for", "condition=Ready") == Typed(
        "", 'Error from server (NotFound): configmaps "x" not found\n', 1
    )


def test_no_object_to_wait_for_is_a_failure(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("wait", "pods", "--all", "-n", namespace, "--for", "condition=Ready")
    assert typed == Typed("", "error: no matching resources found\n", 1)
