"""The end of a plugin's process is noticed whatever it has written."""

import asyncio
from pathlib import Path

from workspace.runtime.process import PluginProcess
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
