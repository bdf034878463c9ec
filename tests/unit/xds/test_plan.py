"""What a response has to hold, and that it is worked out once."""

from hauberk import names
from hauberk.xds.plan import Plan, PlanMemo, Position, covered, expand, make_plan
from tests.unit.xds.world import World

CDS, VHDS = names.TYPE_CLUSTER, names.TYPE_VIRTUAL_HOST
WORLD = World({CDS: {"a": "1", "b": "2"}, VHDS: {"80/a": "1", "80/b": "1", "90/a": "1"}})


def at(sent: dict[str, str], *pending: str, forced: tuple[str, ...] = (), removals: bool = True) -> Position:
    return Position(CDS, sent, frozenset(pending), frozenset(forced), removals)


def told(plan: Plan) -> tuple[list[str], tuple[str, ...], set[str], dict[str, str]]:
    return [resource.name for resource in plan.written], plan.removed, set(plan.kept), dict(plan.sent)


def test_what_differs_is_written_and_what_is_gone_removed() -> None:
    plan = make_plan(at({"a": "1", "b": "1", "gone": "1"}, "a", "b", "gone"), WORLD)
    assert told(plan) == (["b"], ("gone",), set(), {"a": "1", "b": "2"})
    assert plan.carried == {"b"}


def test_what_is_forced_is_written_again_and_called_removed_where_it_never_was() -> None:
    assert told(make_plan(at({"a": "1"}, "a", "never", forced=("a", "never")), WORLD)) == (["a"], ("never",), set(), {"a": "1"})


def test_removals_wait_until_they_may_go() -> None:
    assert told(make_plan(at({"gone": "1"}, "gone", removals=False), WORLD)) == ([], (), {"gone"}, {"gone": "1"})


def test_nothing_to_say_leaves_what_was_sent_as_it_is() -> None:
    sent = {"a": "1"}
    assert make_plan(at(sent, "a"), WORLD).sent is sent


def test_proxies_at_the_same_point_share_a_plan() -> None:
    memo, sent = PlanMemo(), {"a": "1"}
    one = memo.plan(at(sent, "a", "b"), WORLD)
    assert memo.plan(at(sent, "b", "a"), WORLD) is one
    assert memo.plan(at(sent, "a", "b", removals=False), WORLD) is not one
    assert memo.plan(at(sent, "a", "b"), World({CDS: {"a": "2"}})) is not one
    memo.clear()
    assert memo.plan(at(sent, "a", "b"), WORLD) is not one


def test_equal_names_and_versions_are_held_once() -> None:
    memo = PlanMemo()
    known = memo.shared_names(["a", "b"])
    assert memo.shared_names(["b", "a"]) is known
    assert memo.with_names(known, frozenset("c")) is memo.with_names(known, frozenset("c")) is memo.shared_names("abc")
    assert memo.shared_versions({"a": "1"}) is memo.shared_versions({"a": "1"})
    assert memo.shared_versions({}) == {}
    assert memo.all_names(CDS, WORLD) is memo.all_names(CDS, WORLD)


def test_a_memo_does_not_grow_for_ever() -> None:
    memo = PlanMemo()
    for number in range(3000):
        memo.plan(at({}, str(number)), WORLD)
        memo.with_names(memo.shared_names([str(number)]), frozenset("x"))
        memo.shared_versions({str(number): "1"})
    assert len(memo._plans) <= 2048
    assert len(memo._names) <= 512
    assert len(memo._versions) <= 512
    assert len(memo._joined) <= 512


def test_a_route_configuration_covers_its_virtual_hosts() -> None:
    asked = frozenset({"80", "90/a"})
    assert covered(VHDS, asked, ["80/a", "90/a", "90/b", "x"]) == {"80/a", "90/a"}
    assert expand(VHDS, asked, WORLD) == {"80/a", "80/b", "90/a"}
    assert covered(CDS, asked, ["80", "80/a"]) == {"80"}
    assert expand(CDS, asked, WORLD) == asked
