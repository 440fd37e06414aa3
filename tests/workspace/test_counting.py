import asyncio

import pytest

from workspace import counting
from workspace.counting import Counting


def counted(rows: int, writes: int, pause: float = 0) -> tuple[list[bool], int]:
    """Let so many write at the same moment; give who was counted, and how many rows there are then."""

    async def write() -> tuple[list[bool], int]:
        where = Counting(rows)
        return await asyncio.gather(*(where.count(pause) for _ in range(writes))), where.rows

    return asyncio.run(write())


def test_first_writes_at_the_same_moment_make_a_row_each() -> None:
    assert counted(0, 1) == ([True], 1)
    assert counted(0, 3) == ([True] * 3, 3)


def test_one_row_is_changed_by_one_after_the_other() -> None:
    assert counted(1, 3, pause=0.001) == ([True] * 3, 1)


def test_several_rows_lock_out_all_but_one_of_those_that_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_NOTICED_S", 0.01)
    assert counted(2, 3) == ([True, False, False], 2)
    assert counted(2, 1) == ([True], 2)
