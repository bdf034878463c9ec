import pytest

from hauberk.apiserver import status
from hauberk.apiserver.status import Cause
from hauberk.errors import Finding, Level
from hauberk.k8s import apps, core


def test_a_refusal_says_everything_in_upstreams_order() -> None:
    error = status.not_found(apps.DEPLOYMENT, "web")
    assert list(error.status.items()) == [
        ("kind", "Status"),
        ("apiVersion", "v1"),
        ("metadata", {}),
        ("status", "Failure"),
        ("message", 'deployments.apps "web" not found'),
        ("reason", "NotFound"),
        ("details", {"name": "web", "group": "apps", "kind": "deployments"}),
        ("code", 404),
    ]
    assert (error.code, error.reason, str(error)) == (404, "NotFound", 'deployments.apps "web" not found')


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (status.already_exists(core.POD, "p"), 409, 'pods "p" already exists'),
        (status.already_exists(core.POD, "p", terminating=True), 409, 'object is being deleted: pods "p" already exists'),
        (
            status.conflict(core.SERVICE, "s"),
            409,
            'Operation cannot be fulfilled on services "s": '
            "the object has been modified; please apply your changes to the latest version and try again",
        ),
        (status.conflict(core.SERVICE, "s", "why", as_kind=True), 409, 'Operation cannot be fulfilled on Service "s": why'),
        (status.forbidden(core.POD, "p", "no"), 403, 'pods "p" is forbidden: no'),
        (status.forbidden(core.POD, "", "no"), 403, "pods is forbidden: no"),
        (status.unauthorized(), 401, "Unauthorized"),
        (status.too_large(3), 413, "Request entity too large: limit is 3"),
        (status.unknown_path(), 404, "the server could not find the requested resource"),
        (status.internal("x"), 500, "Internal error occurred: x"),
        (status.expired("old"), 410, "old"),
        (status.unavailable("gone"), 503, "gone"),
    ],
)
def test_refusals_have_upstreams_codes_and_texts(error: status.ApiError, code: int, message: str) -> None:
    assert (error.code, str(error)) == (code, message)


def test_all_that_is_wrong_is_said_at_once() -> None:
    causes = [Cause("spec.a", "Required value", "FieldValueRequired"), Cause("spec.b", "Invalid value: 1: no")]
    error = status.invalid(apps.DEPLOYMENT, "web", causes)
    assert str(error) == 'Deployment.apps "web" is invalid: [spec.a: Required value, spec.b: Invalid value: 1: no]'
    assert error.status["details"] == {
        "name": "web",
        "group": "apps",
        "kind": "Deployment",
        "causes": [
            {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.a"},
            {"reason": "FieldValueInvalid", "message": "Invalid value: 1: no", "field": "spec.b"},
        ],
    }
    assert str(status.invalid(core.POD, "p", causes[:1])) == 'Pod "p" is invalid: spec.a: Required value'


def test_a_finding_in_upstreams_words_stays_as_it_is_ours_gets_its_mend() -> None:
    upstream = Finding("HBK0003", Level.ERROR, "Pod a/p", "spec.x", "Required value", "Set spec.x.")
    ours = Finding("HBK0301", Level.ERROR, "Pod a/p", "", "cannot be used.", "Write another.")
    assert status.cause_of(upstream) == Cause("spec.x", "Required value", "FieldValueRequired")
    assert status.cause_of(ours) == Cause("<nil>", "cannot be used. Write another.")


def test_a_refused_request_keeps_the_warnings_before_it() -> None:
    with pytest.raises(status.ApiError) as caught, status.warned(("a",)), status.warned(("b",)):
        raise status.not_found(core.POD, "p")
    assert caught.value.warnings == ("a", "b")


def test_success_names_what_was_deleted() -> None:
    assert status.success(core.POD, "p", "u-1")["details"] == {"name": "p", "kind": "pods", "uid": "u-1"}
