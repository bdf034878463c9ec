import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.decode import check_options, decode_object, field_findings, parse_body, without_nulls
from hauberk.apiserver.status import ApiError
from hauberk.k8s import core, security
from tests.unit.apiserver.builders import make_config_map, make_peer_authentication, make_service

CONFIG_MAPS, SERVICES = Served(core.CONFIG_MAP, "v1"), Served(core.SERVICE, "v1")
PEER_AUTHENTICATIONS = Served(security.PEER_AUTHENTICATION, "v1")

leaves = st.none() | st.booleans() | st.text(max_size=5)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4))


def refused(body: object, served: Served, content_type: str = "", validation: str = "") -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        decode_object(body if isinstance(body, bytes) else orjson.dumps(body), content_type, served, validation)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("content_type", ["", "application/json", "application/json; charset=utf-8"])
def test_json_is_decoded_and_told_what_it_is(content_type: str) -> None:
    decoded = decode_object(b'{"metadata":{"name":"c"},"data":{"a":"b"}}', content_type, CONFIG_MAPS)
    assert decoded.obj == {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"a": "b"}}
    assert decoded.warnings == ()


def test_yaml_is_decoded_as_kubernetes_reads_it() -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {when: 2024-01-01, yes: 'no'}\n"
    assert decode_object(body, "application/yaml", CONFIG_MAPS).obj["data"]["when"] == "2024-01-01"


@pytest.mark.parametrize(
    ("body", "content_type", "code", "start"),
    [
        (b'{"metadata":', "", 400, "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (b"", "", 400, "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (b"[1]", "", 400, "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value"),
        (b'{"metadata":[]}', "", 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array'),
        (b"a: [", "application/yaml", 400, "error converting YAML to JSON: "),
        (b"hello", "text/plain", 415, "the body of the request was in an unknown format - accepted media types include: application/json"),
        (b"junk", "application/vnd.kubernetes.protobuf", 400, "the body does not start with the magic number"),
    ],
)
def test_garbage_is_refused_in_upstreams_words(body: bytes, content_type: str, code: int, start: str) -> None:
    actual, message = refused(body, CONFIG_MAPS, content_type)
    assert (actual, message[: len(start)]) == (code, start)


def test_another_kind_or_version_than_the_paths_is_refused() -> None:
    secret = make_config_map() | {"kind": "Secret"}
    converting = "converting (v1.Secret) to (core.ConfigMap): unknown conversion"
    assert refused(secret, CONFIG_MAPS) == (400, f'Secret in version "v1" cannot be handled as a ConfigMap: {converting}')
    older = make_peer_authentication() | {"apiVersion": "security.istio.io/v1beta1"}
    expected = "does not match the expected API version (security.istio.io/v1)"
    assert refused(older, PEER_AUTHENTICATIONS) == (400, f"the API version in the data (security.istio.io/v1beta1) {expected}")


def test_custom_resources_must_say_what_they_are() -> None:
    code, message = refused(b'{"metadata":{}}', PEER_AUTHENTICATIONS)
    assert code == 400
    assert message.startswith("the object provided is unrecognized (must be of type PeerAuthentication): Object 'Kind' is missing in")


def test_unknown_fields_are_dropped_with_a_warning_unless_nobody_wants_to_know() -> None:
    service = make_service(nope=1)
    service["spec"]["ports"][0]["prot"] = "TCP"
    body = orjson.dumps(service)
    warned = decode_object(body, "", SERVICES, "Warn")
    assert warned.warnings == ('unknown field "spec.ports[0].prot"', 'unknown field "spec.nope"')
    assert warned.obj["spec"] == {"ports": [{"port": 80}]}
    ignored = decode_object(body, "", SERVICES, "Ignore")
    assert (ignored.warnings, ignored.obj) == ((), warned.obj)
    unknown = 'strict decoding error: unknown field "spec.ports[0].prot", unknown field "spec.nope"'
    assert refused(body, SERVICES, "", "Strict") == (400, f'Service in version "v1" cannot be handled as a Service: {unknown}')


def test_a_key_that_comes_twice_is_found() -> None:
    body = b'{"metadata":{"name":"d","name":"d"},"data":{"a":"b","a":"c"}}'
    warned = decode_object(body, "", CONFIG_MAPS, "Warn")
    assert warned.warnings == ('duplicate field "metadata.name"', 'duplicate field "data.a"')
    assert warned.obj["data"] == {"a": "c"}
    assert refused(body, CONFIG_MAPS, "", "Strict")[0] == 400


def test_nulls_are_not_set() -> None:
    assert without_nulls({"a": None, "b": {"c": None}, "d": {}, "e": [{"f": None}, None]}) == {"d": {}, "e": [{}, None]}


@given(values)
def test_no_map_keeps_a_null(value: object) -> None:
    def nulls(item: object) -> bool:
        if isinstance(item, dict):
            return any(part is None or nulls(part) for part in item.values())
        return isinstance(item, list) and any(nulls(part) for part in item)

    assert not nulls(without_nulls(value))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"dryRun": "Some"}, 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        (
            {"fieldValidation": "Bogus"},
            'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Bogus": '
            'supported values: "", "Ignore", "Strict", "Warn"',
        ),
    ],
)
def test_options_that_do_not_exist_are_refused(query: dict[str, str], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_options(query, "CreateOptions")
    assert (caught.value.code, str(caught.value)) == (422, message)
    check_options({"dryRun": "All", "fieldValidation": "Strict"}, "CreateOptions")


def test_findings_about_a_patched_object_are_the_same() -> None:
    obj = make_service(nope=1)
    assert field_findings(obj, SERVICES, "") == ('unknown field "spec.nope"',)
    assert obj == make_service()


def test_a_prefix_says_what_could_not_be_read() -> None:
    with pytest.raises(ApiError, match="error decoding patch: unexpected end of JSON input"):
        parse_body(b'[{"op":', "", error_prefix="error decoding patch: ")
