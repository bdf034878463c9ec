"""Scripts of the delta machine: what a proxy asks (`>>`) and what it must get (`<<`), line by line."""

from hauberk import names
from hauberk.xds.delta import Acked, Changed, Effect, Nacked, Request, Send, Stream, step
from tests.unit.xds.world import Res, World

CDS, EDS, LDS, RDS = names.TYPE_CLUSTER, names.TYPE_ENDPOINT, names.TYPE_LISTENER, names.TYPE_ROUTE
VHDS = names.TYPE_VIRTUAL_HOST


class Script:
    """Plays one stream: each call is an event, and says what has to come of it."""

    def __init__(self, **types: dict[str, str]) -> None:
        urls = {"cds": CDS, "eds": EDS, "lds": LDS, "rds": RDS, "vhds": VHDS}
        self.world = World({urls[key]: dict(value) for key, value in types.items()})
        self.stream = Stream()

    def ask(self, type_url: str, *expected: Effect, **options: object) -> "Script":
        self.stream, effects = step(self.stream, Request(type_url, **options), self.world)
        assert effects == expected
        return self

    def ack(self, type_url: str, nonce: str, *expected: Effect) -> "Script":
        return self.ask(type_url, Acked(type_url, nonce), *expected, nonce=nonce)

    def nack(self, type_url: str, nonce: str, message: str, *expected: Effect) -> "Script":
        return self.ask(type_url, Nacked(type_url, nonce, message), *expected, nonce=nonce, error=message)

    def change(self, changes: dict[str, dict[str, str | None]], *expected: Effect) -> "Script":
        """Set resources' versions, None to remove."""
        for type_url, changed in changes.items():
            for name, version in changed.items():
                if version is None:
                    self.world.types[type_url].pop(name, None)
                else:
                    self.world.types.setdefault(type_url, {})[name] = version
        event = Changed({type_url: frozenset(changed) for type_url, changed in changes.items()})
        self.stream, effects = step(self.stream, event, self.world)
        assert effects == expected
        return self


def send(type_url: str, nonce: str, *written: str, removed: tuple[str, ...] = ()) -> Send:
    """A response with resources written `name@version`."""
    return Send(type_url, nonce, tuple(Res(*item.split("@")) for item in written), removed)


def test_a_proxy_starts_as_envoy_does() -> None:
    script = Script(cds={"a": "1", "b": "1"}, eds={"a": "1"}, lds={"in": "1"}, rds={"80": "1"})
    script.ask(CDS, send(CDS, "1", "a@1", "b@1"))
    script.ask(EDS, send(EDS, "2", "a@1"), subscribe=("a",))
    script.ack(CDS, "1")
    script.ack(EDS, "2")
    script.ask(LDS, send(LDS, "3", "in@1"))
    script.ask(RDS, send(RDS, "4", "80@1"), subscribe=("80",))
    script.ack(LDS, "3").ack(RDS, "4")
    assert script.stream.settled


def test_an_empty_wildcard_is_answered_since_envoy_waits_for_it() -> None:
    Script().ask(LDS, send(LDS, "1"))


def test_a_named_resource_that_does_not_exist_is_answered_as_removed() -> None:
    Script().ask(EDS, send(EDS, "1", removed=("gone",)), subscribe=("gone",))


def test_only_what_changed_is_sent() -> None:
    script = Script(cds={"a": "1", "b": "1"}).ask(CDS, send(CDS, "1", "a@1", "b@1")).ack(CDS, "1")
    script.change({CDS: {"b": "2"}}, send(CDS, "2", "b@2"))


def test_a_change_that_left_the_version_as_it_was_is_not_sent() -> None:
    script = Script(cds={"a": "1"}).ask(CDS, send(CDS, "1", "a@1")).ack(CDS, "1")
    script.change({CDS: {"a": "1"}})
    assert script.stream.settled


def test_a_change_of_what_nobody_asked_for_is_not_sent() -> None:
    script = Script(eds={"a": "1", "b": "1"}).ask(EDS, send(EDS, "1", "a@1"), subscribe=("a",)).ack(EDS, "1")
    script.change({EDS: {"b": "2"}, RDS: {"80": "2"}})


def test_changes_coalesce_while_a_response_is_unanswered() -> None:
    script = Script(cds={"a": "1"}).ask(CDS, send(CDS, "1", "a@1"))
    script.change({CDS: {"a": "2"}}).change({CDS: {"b": "1"}}).change({CDS: {"a": "3"}})
    script.ack(CDS, "1", send(CDS, "2", "a@3", "b@1"))


def test_a_change_that_was_taken_back_while_waiting_is_not_sent() -> None:
    script = Script(cds={"a": "1"}).ask(CDS, send(CDS, "1", "a@1"))
    script.change({CDS: {"a": "2"}}).change({CDS: {"a": "1"}})
    script.ack(CDS, "1")


def test_clusters_come_before_routes_and_go_after_them() -> None:
    script = Script(cds={"old": "1"}, lds={"out": "1"}, rds={"80": "old"})
    script.ask(CDS, send(CDS, "1", "old@1")).ack(CDS, "1")
    script.ask(LDS, send(LDS, "2", "out@1")).ack(LDS, "2")
    script.ask(RDS, send(RDS, "3", "80@old"), subscribe=("80",)).ack(RDS, "3")
    script.change({CDS: {"old": None, "new": "1"}, RDS: {"80": "new"}}, send(CDS, "4", "new@1"))
    script.ack(CDS, "4", send(RDS, "5", "80@new"))
    script.ack(RDS, "5", send(CDS, "6", removed=("old",)))
    script.ack(CDS, "6")
    assert script.stream.settled


def test_routes_wait_for_the_endpoints_of_a_new_cluster() -> None:
    script = Script(cds={}, eds={"new": "1"}, rds={"80": "1"})
    script.ask(CDS, send(CDS, "1")).ack(CDS, "1")
    script.ask(RDS, send(RDS, "2", "80@1"), subscribe=("80",)).ack(RDS, "2")
    script.change({CDS: {"new": "1"}, RDS: {"80": "2"}}, send(CDS, "3", "new@1"))
    script.ask(EDS, send(EDS, "4", "new@1"), subscribe=("new",))
    script.ack(CDS, "3")
    script.ack(EDS, "4", send(RDS, "5", "80@2"))


def test_endpoints_go_out_again_beside_a_cluster_that_changed() -> None:
    script = Script(cds={"a": "1"}, eds={"a": "1"})
    script.ask(CDS, send(CDS, "1", "a@1")).ask(EDS, send(EDS, "2", "a@1"), subscribe=("a",)).ack(CDS, "1").ack(EDS, "2")
    script.change({CDS: {"a": "2"}}, send(CDS, "3", "a@2"), send(EDS, "4", "a@1"))


def test_a_nack_is_kept_and_not_sent_again_until_the_resource_changes() -> None:
    script = Script(lds={"in": "bad", "out": "1"}).ask(LDS, send(LDS, "1", "in@bad", "out@1"))
    script.nack(LDS, "1", "Error adding/updating listener(s) in: Proto constraint validation failed")
    script.change({LDS: {"out": "2"}}, send(LDS, "2", "out@2")).ack(LDS, "2")
    script.change({LDS: {"in": "good"}}, send(LDS, "3", "in@good"))


def test_a_nack_of_clusters_lets_routes_go_on() -> None:
    script = Script(cds={"a": "bad"}, rds={"80": "1"}).ask(CDS, send(CDS, "1", "a@bad"))
    script.ask(RDS, subscribe=("80",))
    script.nack(CDS, "1", "no", send(RDS, "2", "80@1"))


def test_an_answer_with_an_old_nonce_says_nothing() -> None:
    script = Script(cds={"a": "1"}).ask(CDS, send(CDS, "1", "a@1"))
    script.ask(CDS, nonce="0").ask(CDS, nonce="77", error="late")
    script.ack(CDS, "1")


def test_after_a_reconnect_only_the_difference_is_sent() -> None:
    script = Script(cds={"same": "1", "changed": "2", "new": "1"})
    script.ask(CDS, send(CDS, "1", "changed@2", "new@1"), initial_versions={"same": "1", "changed": "1", "gone": "1"})
    script.ack(CDS, "1", send(CDS, "2", removed=("gone",)))


def test_after_a_reconnect_with_everything_in_place_an_empty_response_greets() -> None:
    script = Script(eds={"a": "1"}).ask(EDS, send(EDS, "1"), subscribe=("a",), initial_versions={"a": "1"})
    script.ack(EDS, "1")
    assert script.stream.settled


def test_versions_of_resources_that_are_not_subscribed_are_forgotten() -> None:
    Script(eds={"a": "1", "b": "2"}).ask(EDS, send(EDS, "1"), subscribe=("a",), initial_versions={"a": "1", "b": "1"})


def test_what_is_subscribed_again_is_sent_again() -> None:
    script = Script(eds={"a": "1"}).ask(EDS, send(EDS, "1", "a@1"), subscribe=("a",)).ack(EDS, "1")
    script.ask(EDS, send(EDS, "2", "a@1"), subscribe=("a",))


def test_what_is_unsubscribed_is_neither_sent_nor_called_removed() -> None:
    script = Script(eds={"a": "1", "b": "1"}).ask(EDS, send(EDS, "1", "a@1", "b@1"), subscribe=("a", "b")).ack(EDS, "1")
    script.ask(EDS, unsubscribe=("a",)).change({EDS: {"a": "2"}}).change({EDS: {"a": None}})
    script.ask(EDS, send(EDS, "2", removed=("a",)), subscribe=("a",))


def test_a_name_dropped_under_a_wildcard_is_told_once_more() -> None:
    script = Script(cds={"a": "1", "b": "1"}).ask(CDS, send(CDS, "1", "a@1", "b@1"), subscribe=("*", "a")).ack(CDS, "1")
    script.ask(CDS, send(CDS, "2", "a@1"), unsubscribe=("a",))


def test_a_wildcard_can_be_dropped_and_asked_for_again() -> None:
    script = Script(cds={"a": "1", "b": "1"}).ask(CDS, send(CDS, "1", "a@1", "b@1"), subscribe=("*", "a")).ack(CDS, "1")
    script.ask(CDS, unsubscribe=("*",)).change({CDS: {"b": "2"}})
    script.ask(CDS, send(CDS, "2", "b@2"), subscribe=("*",))


def test_requests_while_a_response_is_unanswered_are_answered_after_it() -> None:
    script = Script(eds={"a": "1", "b": "1"}).ask(EDS, send(EDS, "1", "a@1"), subscribe=("a",))
    script.ask(EDS, subscribe=("b",)).ack(EDS, "1", send(EDS, "2", "b@1"))


def test_endpoints_that_vanish_are_taken_away_after_the_routes_moved() -> None:
    script = Script(cds={"a": "1"}, eds={"a": "1"}, rds={"80": "1"})
    script.ask(CDS, send(CDS, "1", "a@1")).ask(EDS, send(EDS, "2", "a@1"), subscribe=("a",)).ack(CDS, "1").ack(EDS, "2")
    script.ask(RDS, send(RDS, "3", "80@1"), subscribe=("80",)).ack(RDS, "3")
    script.change({CDS: {"a": None}, EDS: {"a": None}, RDS: {"80": "2"}}, send(RDS, "4", "80@2"))
    script.ack(RDS, "4", send(CDS, "5", removed=("a",)), send(EDS, "6", removed=("a",)))


def test_other_types_are_served_too() -> None:
    other = "type.googleapis.com/other"
    script = Script()
    script.world.types[other] = {"x": "1"}
    script.ask(other, send(other, "1", "x@1")).ack(other, "1")


# -- Virtual hosts, a collection of each route configuration -----------------------------------------------------------
def hosts_of(*written: str) -> dict[str, str]:
    return dict.fromkeys(written, "1")


def test_a_route_configuration_stands_for_its_virtual_hosts() -> None:
    script = Script(vhds=hosts_of("80/a", "80/b", "90/a"))
    script.ask(VHDS, send(VHDS, "1", "80/a@1", "80/b@1"), subscribe=("80",)).ack(VHDS, "1")
    script.ask(VHDS, send(VHDS, "2", "90/a@1"), subscribe=("90",)).ack(VHDS, "2")
    assert script.stream.settled


def test_a_virtual_host_that_changed_comes_alone() -> None:
    script = Script(vhds=hosts_of("80/a", "80/b")).ask(VHDS, send(VHDS, "1", "80/a@1", "80/b@1"), subscribe=("80",)).ack(VHDS, "1")
    script.change({VHDS: {"80/b": "2", "80/c": "1", "90/x": "1"}}, send(VHDS, "2", "80/b@2", "80/c@1")).ack(VHDS, "2")
    script.change({VHDS: {"80/a": None}}, send(VHDS, "3", removed=("80/a",)))


def test_a_route_configuration_without_virtual_hosts_is_answered_all_the_same() -> None:
    Script().ask(VHDS, send(VHDS, "1"), subscribe=("80",))


def test_a_virtual_host_may_be_asked_for_by_itself() -> None:
    script = Script(vhds=hosts_of("80/a", "80/b")).ask(VHDS, send(VHDS, "1", "80/a@1"), subscribe=("80/a",)).ack(VHDS, "1")
    script.ask(VHDS, send(VHDS, "2", removed=("80/none",)), subscribe=("80/none",)).ack(VHDS, "2")
    script.change({VHDS: {"80/b": "2", "80/none": "1"}}, send(VHDS, "3", "80/none@1"))


def test_virtual_hosts_of_a_route_configuration_that_is_dropped_are_forgotten() -> None:
    script = Script(vhds=hosts_of("80/a", "90/a")).ask(VHDS, send(VHDS, "1", "80/a@1", "90/a@1"), subscribe=("80", "90")).ack(VHDS, "1")
    script.ask(VHDS, unsubscribe=("80",)).change({VHDS: {"80/a": "2"}})
    assert script.stream.subscriptions[VHDS].sent == {"90/a": "1"}


def test_after_a_reconnect_only_the_virtual_hosts_that_differ_are_sent() -> None:
    script = Script(vhds={"80/a": "1", "80/b": "2"})
    versions = {"80/a": "1", "80/b": "1", "80/gone": "1"}
    script.ask(VHDS, send(VHDS, "1", "80/b@2", removed=("80/gone",)), subscribe=("80",), initial_versions=versions)


def test_virtual_hosts_wait_for_the_clusters_that_they_lead_to() -> None:
    script = Script(cds={}, vhds={})
    script.ask(CDS, send(CDS, "1")).ack(CDS, "1").ask(VHDS, send(VHDS, "2"), subscribe=("80",)).ack(VHDS, "2")
    script.change({CDS: {"a": "1"}, VHDS: {"80/a": "1"}}, send(CDS, "3", "a@1"))
    script.ack(CDS, "3", send(VHDS, "4", "80/a@1"))


# -- A bad resource among good ones ------------------------------------------------------------------------------------
def test_a_refused_response_is_cut_in_halves_until_the_bad_resource_stands_alone() -> None:
    script = Script(rds={"1": "1", "2": "bad", "3": "1", "4": "1"})
    script.ask(RDS, send(RDS, "1", "1@1", "2@bad", "3@1", "4@1"), subscribe=("1", "2", "3", "4"))
    script.nack(RDS, "1", "duplicate domain", send(RDS, "2", "1@1", "2@bad"))
    script.nack(RDS, "2", "duplicate domain", send(RDS, "3", "1@1"))
    script.ack(RDS, "3", send(RDS, "4", "2@bad"))
    script.nack(RDS, "4", "duplicate domain", send(RDS, "5", "3@1", "4@1"))
    script.ack(RDS, "5")
    assert script.stream.settled


def test_a_change_of_the_bad_resource_meanwhile_is_sent_as_it_is_now() -> None:
    script = Script(rds={"1": "bad", "2": "1"}).ask(RDS, send(RDS, "1", "1@bad", "2@1"), subscribe=("1", "2"))
    script.change({RDS: {"1": "good"}})
    script.nack(RDS, "1", "no", send(RDS, "2", "1@good")).ack(RDS, "2", send(RDS, "3", "2@1")).ack(RDS, "3")
    assert script.stream.settled


def test_of_listeners_only_the_one_that_envoy_names_is_refused() -> None:
    script = Script(lds={"in": "bad", "out": "1"}).ask(LDS, send(LDS, "1", "in@bad", "out@1"))
    stream, effects = step(script.stream, Request(LDS, nonce="1", error="Error adding/updating listener(s) in: bad"), script.world)
    assert [effect.names for effect in effects if isinstance(effect, Nacked)] == [frozenset({"in"})]
    assert stream.settled
