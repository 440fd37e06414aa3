import tracemalloc

import pytest

from relay.outgoing.coding import LONGEST_ACCEPT, accepts_gzip


@pytest.mark.parametrize(
    ("accept_encoding", "accepted"),
    [
        ("gzip", True),
        ("GZip;q=0.1, identity", True),
        ("br, *;q=0.5", True),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("x-gzipped", False),
        ("gzip;q=nan", False),
        ("", False),
        (",;=,,", False),
        ("gzip ; q=0.5", True),
        ("gzip, *;q=0", True),
        ("*, gzip;q=0", False),
        ("gzip;q=2", False),
        ("br, " * 400 + "gzip", False),
        (f"gzip{' ' * LONGEST_ACCEPT};q=0", False),
        (f"*,{' ' * LONGEST_ACCEPT}gzip;q=0", False),
    ],
)
def test_gzip_is_for_whoever_accepts_it(accept_encoding: str, accepted: bool) -> None:
    assert accepts_gzip(accept_encoding) is accepted


def test_nothing_long_is_kept_of_what_callers_send() -> None:
    tracemalloc.start()
    try:
        for number in range(64):
            accepts_gzip(f"gzip;{number}" + "," * 1_000_000)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
