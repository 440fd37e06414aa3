import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.later import arrivals
from relay.later.arrivals import Arrivals


def test_who_arrived_first_goes_first_however_long_it_is_being_stored() -> None:
    lines, order = Arrivals(), []
    stored, arrived = threading.Event(), threading.Event()

    def second() -> None:
        with lines.arrive("c") as place:
            arrived.set()
            place.wait()
            order.append("second")

    with ThreadPoolExecutor(1) as threads, lines.arrive("c") as place:
        later = threads.submit(second)
        assert arrived.wait(10)
        assert not stored.wait(0.05)
        place.wait()
        order.append("first")
        place.leave()
        place.leave()
        later.result(10)
    assert order == ["first", "second"]


def test_who_fails_or_comes_to_nothing_keeps_nobody() -> None:
    lines = Arrivals()
    with lines.arrive("c"):
        pass
    with pytest.raises(OSError, match="full"), lines.arrive("c"):
        raise OSError("full")
    with lines.arrive("c") as place:
        place.wait()
    assert lines._lines == {}


def test_another_conversation_waits_for_nobody() -> None:
    lines = Arrivals()
    with lines.arrive("c"), lines.arrive("d") as place:
        place.wait()


def test_one_whose_storage_is_silent_keeps_those_behind_it_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LONGEST", 0.05)
    lines = Arrivals()
    with lines.arrive("c"), lines.arrive("c") as second, lines.arrive("c") as third:
        second.wait()
        third.wait()
        second.leave()
