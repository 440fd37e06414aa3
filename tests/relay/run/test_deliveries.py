import pytest

from relay.errors import DeliveryInProgress
from relay.run.deliveries import KEEP, LONGEST_ANSWER, LONGEST_RUN, Answer, Delivery
from tests.relay.storage import Shelf

ANSWER = Answer(media_type="application/json", body='{"answer":"Quäck"}')


def delivery(
    shelf: Shelf, *, now: float = 0.0, delivery_id: str = "d", app_id: str = "a", endpoint: str = "e"
) -> Delivery:
    return Delivery(shelf, endpoint_id=endpoint, app_id=app_id, delivery_id=delivery_id, now=now)


def nothing() -> None:
    pass


def test_the_same_delivery_again_gets_the_same_answer() -> None:
    shelf = Shelf()
    first = delivery(shelf)
    assert first.begin(nothing) is None
    first.finish(ANSWER)
    assert delivery(shelf, now=KEEP - 1).begin(nothing) == ANSWER
    assert delivery(shelf, now=KEEP + 1).begin(nothing) is None


def test_while_it_runs_it_is_refused_with_a_time_to_come_back() -> None:
    shelf = Shelf()
    assert delivery(shelf).begin(nothing) is None
    with pytest.raises(DeliveryInProgress) as caught:
        delivery(shelf, now=LONGEST_RUN - 1).begin(nothing)
    assert caught.value.headers == {"Retry-After": "10"}


def test_a_run_that_ended_without_a_word_does_not_block_for_ever() -> None:
    shelf = Shelf()
    delivery(shelf).begin(nothing)
    assert delivery(shelf, now=LONGEST_RUN + 1).begin(nothing) is None


def test_a_failed_one_may_run_again() -> None:
    shelf = Shelf()
    first = delivery(shelf)
    first.begin(nothing)
    first.fail()
    assert delivery(shelf).begin(nothing) is None


@pytest.mark.parametrize("other", [{"delivery_id": "x"}, {"app_id": "b"}, {"endpoint": "f"}, {"app_id": 'a", "d'}])
def test_another_delivery_is_another(other: dict[str, str]) -> None:
    shelf = Shelf()
    delivery(shelf).begin(nothing)
    assert delivery(shelf, **other).begin(nothing) is None  # type: ignore[arg-type]


def test_of_two_at_the_same_moment_one_runs() -> None:
    shelf = Shelf()

    def rival() -> None:
        """Begins after the first has written its mark, having read before it did."""
        delivery(shelf)._write({"state": "running"})

    with pytest.raises(DeliveryInProgress):
        delivery(shelf).begin(rival)


def test_a_long_answer_is_not_kept_but_the_app_is_not_run_again() -> None:
    shelf = Shelf()
    first = delivery(shelf)
    first.begin(nothing)
    first.finish(Answer(media_type="text/plain", body="x" * (LONGEST_ANSWER + 1)))
    assert delivery(shelf).begin(nothing) == Answer(media_type="text/plain", body="")


@pytest.mark.parametrize("broken", [{"get"}, {"set"}, {"get", "set"}])
def test_without_storage_a_delivery_runs_all_the_same(broken: set[str]) -> None:
    shelf = Shelf()
    shelf.broken = broken
    first = delivery(shelf)
    assert first.begin(nothing) is None
    first.finish(ANSWER)
    first.fail()


@pytest.mark.parametrize("stored", [b"", b"null", b"{", b"[]", b"\xff", b'{"id": "other"}'])
def test_a_spoilt_record_is_none(stored: bytes) -> None:
    shelf = Shelf()
    delivery(shelf).begin(nothing)
    shelf.values = dict.fromkeys(shelf.values, stored)
    assert delivery(shelf).begin(nothing) is None
