from datetime import timedelta

from hauberk.model.objects import ObjectRef
from hauberk.model.service import EPOCH
from hauberk.model.sidecar import Sidecar


def test_it_names_itself_and_the_oldest_comes_first() -> None:
    old, new = Sidecar("n", "z", created=EPOCH), Sidecar("n", "a", created=EPOCH + timedelta(1))
    assert old.ref == ObjectRef("Sidecar", "n", "z")
    assert sorted([new, old], key=lambda sidecar: sidecar.age_order) == [old, new]
