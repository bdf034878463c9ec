from hauberk.model.measurement import Measured


def test_before_the_first_round_nothing_is_measured_and_nobody_was_asked() -> None:
    nothing = Measured()
    assert (nothing.at, nothing.asked, nothing.silent, nothing.inbound) == (None, frozenset(), (), ())
