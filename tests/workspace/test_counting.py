import asyncio

import pytest

from workspace import counting
from workspace.counting import LOCKED_OUT, Counting


def counted(rows: int, writes: int, pause: float = 0) -> tuple[list[str], int]:
    """Let so many write at the same moment; give what each was told, and how many rows there are then."""

    async def write() -> tuple[list[str], int]:
        where = Counting(rows)
        told = await asyncio.gather(*(where.count(pause) for _ in range(writes)), return_exceptions=True)
        return [str(error or "") for error in told], where.rows

    return asyncio.run(write())


def test_first_writes_at_the_same_moment_make_a_row_each() -> None:
    assert counted(0, 1) == ([""], 1)
    assert counted(0, 3) == ([""] * 3, 3)


def test_one_row_is_changed_by_one_after_the_other() -> None:
    assert counted(1, 3, pause=0.001) == ([""] * 3, 1)


def test_several_rows_lock_out_those_that_change_them_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_NOTICED_S", 0.01)
    assert counted(2, 8) == ([""] * 8, 2)
    assert counted(2, 10) == ([""] * 8 + [LOCKED_OUT] * 2, 2)
