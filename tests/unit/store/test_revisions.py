from hauberk.store.revisions import Key, Operation
from tests.unit.store.log_suite import added


def test_keys_sort_by_resource_then_namespace_then_name() -> None:
    keys = [Key("pods", "b", "a"), Key("nodes", "", "z"), Key("pods", "a", "b"), Key("pods", "a", "a")]
    assert sorted(keys) == [Key("nodes", "", "z"), Key("pods", "a", "a"), Key("pods", "a", "b"), Key("pods", "b", "a")]


def test_a_record_has_the_key_and_the_revision_of_its_entry() -> None:
    record = added("p", 7)
    assert (record.key, record.revision, record.operation) == (Key("pods", "a", "p"), 7, Operation.ADDED)
