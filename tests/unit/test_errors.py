import pytest

from hauberk import errors


def test_a_finding_reads_as_one_line_with_code_subject_path_message_and_fix() -> None:
    finding = errors.Finding(
        "HBK0107", errors.Level.ERROR, "PeerAuthentication a/b", "spec.mtls.mode", "STRIKT is no mode.", "Write STRICT."
    )
    assert str(finding) == "HBK0107 PeerAuthentication a/b, spec.mtls.mode: STRIKT is no mode. Write STRICT."


def test_a_finding_about_a_whole_object_names_no_path() -> None:
    assert str(errors.Finding("HBK0001", errors.Level.INFO, "Pod a/b", "", "It is fine.", "")) == "HBK0001 Pod a/b: It is fine."


@pytest.mark.parametrize(
    ("error", "exit_code", "status"),
    [
        (errors.ConfigError, 2, 422),
        (errors.NotFoundError, 1, 404),
        (errors.EnvironmentProblem, 3, 503),
        (errors.PeerError, 1, 502),
        (errors.BugError, 70, 500),
    ],
)
def test_every_kind_of_blame_has_its_exit_code_and_status(error: type[errors.HauberkError], exit_code: int, status: int) -> None:
    assert (error.exit_code, error.status_hint) == (exit_code, status)


def test_the_tree_in_the_docstring_names_every_exception() -> None:
    assert all(name in (errors.__doc__ or "") for name in errors.__all__ if name.endswith(("Error", "Problem")))
