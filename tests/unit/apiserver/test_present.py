import orjson
import pytest
import yaml

from hauberk.apiserver.negotiate import Form, MediaType, Transform
from hauberk.apiserver.objects import tidy
from hauberk.apiserver.present import Presenter
from hauberk.apiserver.request import Listing, Reply
from hauberk.k8s import security
from hauberk.k8s.kind import Manifest
from hauberk.store.revisions import Entry
from tests.unit.apiserver.builders import NOW, make_call, make_entry, make_peer_authentication

KIND = security.PEER_AUTHENTICATION
PATH = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"


def entry(name: str = "pa", revision: int = 3) -> Entry:
    call = make_call("GET", PATH)
    obj = make_peer_authentication(name)
    obj["metadata"] |= {"uid": "u-1", "creationTimestamp": "2026-03-01T11:00:00Z"}
    return make_entry(KIND, tidy(obj, call.served), revision)


def presenter(media: MediaType = MediaType(), query: str = "") -> Presenter:  # noqa: B008 - frozen
    return Presenter(make_call("GET", f"{PATH}?{query}"), media, NOW)


def shown(content: Entry | Listing | Manifest, transform: Transform = Transform.NONE, query: str = "") -> Manifest:
    answer: Manifest = orjson.loads(presenter(MediaType(transform=transform), query).body(Reply(content)))
    return answer


def test_an_object_is_sent_in_the_version_asked_for_with_a_line_end() -> None:
    body = presenter().body(Reply(entry()))
    assert body.endswith(b"}\n")
    assert orjson.loads(body)["apiVersion"] == "security.istio.io/v1"


def test_a_list_has_its_own_metadata() -> None:
    answer = shown(Listing([entry("a"), entry("b")], {"resourceVersion": "9"}))
    assert (answer["kind"], answer["metadata"]) == ("PeerAuthenticationList", {"resourceVersion": "9"})
    assert [item["metadata"]["name"] for item in answer["items"]] == ["a", "b"]


def test_a_table_has_a_row_an_object() -> None:
    answer = shown(Listing([entry("a"), entry("b")], {"resourceVersion": "9"}), Transform.TABLE)
    assert (answer["kind"], answer["metadata"]) == ("Table", {"resourceVersion": "9"})
    assert [row["cells"][:2] for row in answer["rows"]] == [["a", "STRICT"], ["b", "STRICT"]]
    assert answer["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(("include", "expected"), [("None", None), ("Object", "PeerAuthentication"), ("odd", "PartialObjectMetadata")])
def test_a_row_holds_as_much_of_its_object_as_asked(include: str, expected: str | None) -> None:
    (row,) = shown(entry(), Transform.TABLE, f"includeObject={include}")["rows"]
    assert (row.get("object") or {}).get("kind") == expected


def test_metadata_alone_can_be_had() -> None:
    one = shown(entry(), Transform.PARTIAL)
    assert (one["kind"], one["apiVersion"], list(one)) == ("PartialObjectMetadata", "meta.k8s.io/v1", ["kind", "apiVersion", "metadata"])
    many = shown(Listing([entry()], {"resourceVersion": "9"}), Transform.PARTIAL_LIST)
    assert (many["kind"], len(many["items"])) == ("PartialObjectMetadataList", 1)


def test_yaml_and_pretty_json_are_for_people() -> None:
    text = presenter(MediaType(Form.YAML)).body(Reply(entry()))
    assert yaml.safe_load(text)["spec"] == {"mtls": {"mode": "STRICT"}}
    assert b'\n  "kind": "PeerAuthentication"' in presenter(query="pretty=true").body(Reply(entry()))


def test_a_status_is_never_a_table() -> None:
    assert shown({"kind": "Status"}, Transform.TABLE) == {"kind": "Status"}


def test_a_watched_table_has_its_columns_once() -> None:
    encode = presenter(MediaType(transform=Transform.TABLE)).event_encoder()
    first, second = orjson.loads(encode(entry("a"))), orjson.loads(encode(entry("b", 4)))
    assert first["columnDefinitions"][0]["name"] == "Name"
    assert (second["columnDefinitions"], second["metadata"]) == (None, {"resourceVersion": "4"})
