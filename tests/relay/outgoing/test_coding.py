import pytest

from relay.outgoing.coding import LONGEST_ACCEPT, accepts_gzip


@pytest.mark.parametrize(
    "accepted",
    [
        "gzip",
        "GZIP",
        "gzip;q=1.000",
        "gzip ; q=0.5",
        "br, gzip",
        "*",
        "gzip, *;q=0",
        "br;q=0, *",
        "identity, gzip;q=0.1",
    ],
)
def test_gzip_is_for_whoever_accepts_it(accepted: str) -> None:
    assert accepts_gzip(accepted)


@pytest.mark.parametrize(
    "refused",
    [
        "",
        "identity",
        "br, deflate",
        "gzip;q=0",
        "gzip;q=0.000",
        "*;q=0",
        "*, gzip;q=0",
        "notgzip, gzipped",
        "gzip;q=2",
    ],
)
def test_nobody_else_gets_it(refused: str) -> None:
    assert not accepts_gzip(refused)


def test_the_refusal_at_the_end_of_a_long_header_counts() -> None:
    assert not accepts_gzip(f"gzip{' ' * LONGEST_ACCEPT};q=0")
    assert not accepts_gzip(f"*,{' ' * LONGEST_ACCEPT}gzip;q=0")
