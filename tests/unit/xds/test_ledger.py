from datetime import timedelta

from hauberk import names
from hauberk.xds.delta import Acked, Nacked, Send
from hauberk.xds.ledger import ProxyLedger, TypeLedger
from tests.unit.xds.builders import NOW

LDS = names.TYPE_LISTENER
LATER = NOW + timedelta(seconds=1)


def test_a_type_goes_from_not_sent_over_stale_to_synced() -> None:
    ledger = TypeLedger()
    states = [ledger.state]
    for effect in (Send(LDS, "1"), Acked(LDS, "1"), Send(LDS, "2")):
        ledger.record(effect, version="7", now=NOW)
        states.append(ledger.state)
    assert states == ["NOT SENT", "STALE", "SYNCED", "SYNCED"]


IN, OUT = frozenset({"in"}), frozenset({"out"})


def test_a_nack_stays_until_that_resource_is_taken() -> None:
    ledger = TypeLedger()
    ledger.record(Send(LDS, "1"), version="1", now=NOW)
    ledger.record(Nacked(LDS, "1", "no", IN), version="1", now=LATER)
    ledger.record(Send(LDS, "2"), version="2", now=LATER)
    assert (ledger.state, ledger.nack, ledger.nacked_version, ledger.nacked_at) == ("ERROR", "no", "1", LATER)
    ledger.record(Acked(LDS, "2", OUT), version="2", now=LATER)
    assert (ledger.state, ledger.nack, ledger.acked_version) == ("ERROR", "no", "2"), "another resource says nothing about it"
    ledger.record(Acked(LDS, "3", IN), version="2", now=LATER)
    assert (ledger.state, ledger.nack, ledger.acked_version) == ("SYNCED", "", "2")


def test_a_refused_resource_that_is_taken_away_is_no_error_any_more() -> None:
    ledger = TypeLedger()
    ledger.record(Send(LDS, "1"), version="1", now=NOW)
    ledger.record(Nacked(LDS, "1", "no", IN), version="1", now=LATER)
    ledger.record(Send(LDS, "2", removed=("in",)), version="2", now=LATER)
    assert (ledger.state, ledger.refused) == ("STALE", {})


def test_a_nack_is_shown_while_it_is_being_found_out_what_is_bad() -> None:
    ledger = TypeLedger()
    ledger.record(Send(LDS, "1"), version="1", now=NOW)
    ledger.record(Nacked(LDS, "1", "duplicate domain"), version="1", now=LATER)
    assert (ledger.state, ledger.nack) == ("ERROR", "duplicate domain")


def test_an_answer_counts_for_the_version_that_was_sent_not_for_the_one_of_now() -> None:
    ledger = TypeLedger()
    ledger.record(Send(LDS, "1"), version="1", now=NOW)
    ledger.record(Acked(LDS, "1"), version="5", now=LATER)
    assert (ledger.acked_version, ledger.acked_at) == ("1", LATER)


def test_types_are_called_by_their_short_names() -> None:
    ledger = ProxyLedger("node", "spiffe://x", connected_at=NOW)
    for type_url in (names.TYPE_CLUSTER, "other"):
        ledger.record(Send(type_url, "1"), version="1", now=NOW)
    entry = {"state": "STALE", "sent": "1", "sentAt": NOW.isoformat(), "acked": "", "ackedAt": None}
    assert ledger.to_dict() == {
        "proxy": "node",
        "identity": "spiffe://x",
        "connected": NOW.isoformat(),
        "types": {"CDS": entry, "other": entry},
    }
