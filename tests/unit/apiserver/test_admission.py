import pytest

from hauberk.apiserver.admission import Admission, AdmissionRequest, Operation, Reader, Refusal, admit, review
from hauberk.apiserver.status import ApiError, Cause
from hauberk.errors import Finding, Level
from hauberk.k8s import core, security
from hauberk.k8s.review import DECODE
from tests.unit.apiserver.builders import FixedReader, make_admission, make_config_map

REQUEST = make_admission(core.CONFIG_MAP, make_config_map())


def adds_a_label(request: AdmissionRequest, _reader: Reader) -> Admission:
    assert request.obj is not None
    return Admission(request.obj | {"labelled": True}, warnings=("labelled",))


def counts_the_keys(request: AdmissionRequest, _reader: Reader) -> Admission:
    assert request.obj is not None
    return Admission(request.obj | {"keys": len(request.obj)}, warnings=("counted",))


def refuses(refusal: Refusal) -> Admission:
    return Admission(refusal=refusal)


def test_plugins_run_in_order_each_on_what_the_one_before_answered() -> None:
    answer = admit([adds_a_label, counts_the_keys], REQUEST, FixedReader())
    assert answer.obj == make_config_map() | {"labelled": True, "keys": 5}
    assert answer.warnings == ("labelled", "counted")


def test_a_plugin_that_says_nothing_changes_nothing() -> None:
    assert admit([lambda _request, _reader: Admission()], REQUEST, FixedReader()) == Admission(make_config_map())


@pytest.mark.parametrize(
    ("refusal", "code", "reason", "message"),
    [
        (Refusal("because"), 403, "Forbidden", 'configmaps "c" is forbidden: because'),
        (Refusal('admission webhook "w" denied the request: no', 400, "BadRequest"), 400, "BadRequest", "admission webhook"),
        (Refusal("", 422, "Invalid", [Cause("data", "Required value")]), 422, "Invalid", 'ConfigMap "c" is invalid: data: Required value'),
        (Refusal('namespaces "x" not found', 404, "NotFound"), 404, "NotFound", 'namespaces "x" not found'),
    ],
)
def test_the_first_refusal_is_the_answer(refusal: Refusal, code: int, reason: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        admit([lambda _request, _reader: refuses(refusal), adds_a_label], REQUEST, FixedReader())
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert str(caught.value).startswith(message)


def finding(code: str, level: Level, message: str) -> Finding:
    return Finding(code, level, "Pod a/p", "spec.x", message, "Mend it.")


def test_findings_are_warnings_or_refuse_all_at_once() -> None:
    warning = finding("HBK0290", Level.WARNING, "not implemented yet.")
    assert review(core.POD, "p", [warning, finding("HBK0001", Level.INFO, "fine")]) == (
        "HBK0290 Pod a/p, spec.x: not implemented yet. Mend it.",
    )
    errors = [finding("HBK0003", Level.ERROR, "Required value"), finding("HBK0004", Level.ERROR, "Invalid value: 1: no")]
    with pytest.raises(ApiError) as caught:
        review(core.POD, "p", [warning, *errors])
    assert (caught.value.code, len(caught.value.status["details"]["causes"])) == (422, 2)


def test_a_built_in_object_that_cannot_be_decoded_is_a_bad_request_a_custom_one_is_invalid() -> None:
    undecodable = [finding(DECODE, Level.ERROR, "json: cannot unmarshal string into Go struct field")]
    with pytest.raises(ApiError) as built_in:
        review(core.POD, "p", undecodable)
    with pytest.raises(ApiError) as custom:
        review(security.PEER_AUTHENTICATION, "p", undecodable)
    assert [built_in.value.code, custom.value.code] == [400, 422]


def test_a_request_says_what_is_done_to_what() -> None:
    assert (REQUEST.operation, REQUEST.kind, REQUEST.namespace, REQUEST.name, REQUEST.old) == (
        Operation.CREATE,
        core.CONFIG_MAP,
        "default",
        "c",
        None,
    )
