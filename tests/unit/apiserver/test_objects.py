import orjson
from hypothesis import given
from hypothesis import strategies as st

from hauberk.apiserver.catalogue import Served
from hauberk.apiserver.objects import encode, encode_item, encode_list, parse_revision, revision_of, stamp, tidy
from hauberk.k8s import core, security
from tests.unit.apiserver.builders import make_config_map, make_entry, make_peer_authentication

CONFIG_MAPS = Served(core.CONFIG_MAP, "v1")


def test_kind_version_and_metadata_come_first_in_stored_objects() -> None:
    obj = tidy({"data": {}, "metadata": {"name": "c"}, "apiVersion": "odd"}, CONFIG_MAPS)
    assert list(obj.items()) == [("kind", "ConfigMap"), ("apiVersion", "v1"), ("metadata", {"name": "c"}), ("data", {})]


def test_stamping_leaves_the_given_value_alone() -> None:
    value = {"metadata": {"name": "c"}}
    assert stamp(value, 7) == {"metadata": {"name": "c", "resourceVersion": "7"}}
    assert value == {"metadata": {"name": "c"}}


def test_the_stored_bytes_are_answered_in_every_version() -> None:
    kind = security.PEER_AUTHENTICATION
    entry = make_entry(kind, tidy(make_peer_authentication(), Served(kind, kind.version)))
    for version in (kind.version, *kind.also_versions):
        served = Served(kind, version)
        assert orjson.loads(encode(entry, served)) == entry.value | {"apiVersion": f"security.istio.io/{version}"}


def test_items_of_built_in_lists_leave_out_their_kind_custom_ones_have_it() -> None:
    config_map = make_entry(core.CONFIG_MAP, tidy(make_config_map(), CONFIG_MAPS))
    custom_served = Served(security.PEER_AUTHENTICATION, "v1")
    custom = make_entry(security.PEER_AUTHENTICATION, tidy(make_peer_authentication(), custom_served))
    assert list(orjson.loads(encode_item(config_map, CONFIG_MAPS))) == ["metadata", "data"]
    assert orjson.loads(encode_item(custom, custom_served))["apiVersion"] == "security.istio.io/v1"


@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_list_is_valid_json_whatever_is_in_it(texts: list[str]) -> None:
    entries = [make_entry(core.CONFIG_MAP, tidy(make_config_map() | {"data": {"t": text}}, CONFIG_MAPS)) for text in texts]
    body = encode_list(CONFIG_MAPS, {"resourceVersion": "9"}, [encode_item(entry, CONFIG_MAPS) for entry in entries])
    answer = orjson.loads(body)
    assert (answer["kind"], answer["apiVersion"], answer["metadata"]) == ("ConfigMapList", "v1", {"resourceVersion": "9"})
    assert [item["data"]["t"] for item in answer["items"]] == texts


def test_revisions_are_numbers_or_nothing() -> None:
    assert [parse_revision(text) for text in ("0", "12", "", "-1", "x", "٣")] == [0, 12, None, None, None, None]
    assert (revision_of({"metadata": {"resourceVersion": "5"}}), revision_of({})) == ("5", "")
