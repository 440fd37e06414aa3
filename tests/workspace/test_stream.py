import asyncio

import pytest

from workspace.stream import Stream, StreamEnd


def test_a_full_stream_loses_what_is_written() -> None:
    stream = Stream[int](2)
    assert [stream.write(number) for number in range(4)] == [True, True, False, False]
    assert stream.drain() == [0, 1]


def test_a_closed_stream_still_gives_what_is_queued_then_its_error_then_ends() -> None:
    async def read() -> list[object]:
        stream = Stream[int](2)
        stream.write(1)
        stream.close(ValueError("quack"))
        stream.close(ValueError("too late"))
        assert not stream.write(2)
        seen: list[object] = [await stream.read()]
        for _ in range(2):
            try:
                seen.append(await stream.read())
            except (ValueError, StreamEnd) as error:
                seen.append(repr(error))
        return seen

    assert asyncio.run(read()) == [1, "ValueError('quack')", "StreamEnd()"]


@pytest.mark.parametrize("close", [False, True], ids=["read", "closed"])
def test_a_blocking_writer_waits_until_there_is_room_or_nobody_listens(*, close: bool) -> None:
    async def write() -> list[int]:
        stream = Stream[int](1)
        stream.write(1)
        writer = asyncio.create_task(stream.write_blocking(2))
        await asyncio.sleep(0)
        assert not writer.done()
        if close:
            stream.close()
        else:
            await stream.read()
        await writer
        return stream.drain()

    assert asyncio.run(write()) == ([1] if close else [2])
