"""A plugin's process: its end is noticed whatever it has written, and its lines are read."""

import asyncio
from pathlib import Path

import pytest

from workspace.runtime.process import LineTooLong, PluginProcess
from workspace.runtime.runtime import LINE_LIMIT
from workspace.testing import until

# far more than a pipe and its reader hold: it stands in the middle of the line
TALKATIVE = "import pathlib; pathlib.Path('begun').touch(); print('x' * 8_000_000)"


def test_one_that_is_killed_amid_a_line_has_ended(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(TALKATIVE)

    async def end() -> int:
        process = await PluginProcess.launch(tmp_path, {}, stdio=False)
        await asyncio.to_thread(until, (tmp_path / "begun").exists)
        await asyncio.sleep(0.5)  # until nothing more of the line is taken
        process.kill()
        async with asyncio.timeout(30):
            return await process.wait()

    assert asyncio.run(end()) == -9


def test_what_a_plugin_prints_where_that_is_no_protocol_may_be_of_any_length(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(TALKATIVE)

    async def read(limit: int | None) -> list[int]:
        process = await PluginProcess.launch(tmp_path, {}, stdio=False)
        try:
            return [len(line) async for line in process.lines(limit=limit)]
        finally:
            process.kill()
            await process.wait()

    assert asyncio.run(read(None)) == [8_000_000]
    with pytest.raises(LineTooLong):
        asyncio.run(read(LINE_LIMIT))
