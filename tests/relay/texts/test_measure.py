import pytest

from relay.texts.measure import Measure, characters, octets, utf16


@pytest.mark.parametrize(
    ("measure", "length"), [(characters, 4), (utf16, 5), (octets, 10)], ids=["characters", "utf16", "octets"]
)
def test_each_sender_counts_in_its_own_way(measure: Measure, length: int) -> None:
    assert measure("aé好😀") == length


@pytest.mark.parametrize(("measure", "length"), [(characters, 1), (utf16, 1), (octets, 3)])
def test_half_of_a_surrogate_pair_counts_and_raises_nothing(measure: Measure, length: int) -> None:
    assert measure("\ud83d") == length
