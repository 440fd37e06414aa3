import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.busy import busy
from bench.process import cpu, memory, parent
from workspace.testing import until

pytestmark = pytest.mark.alone


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_cores_are_busy_until_the_end_and_no_longer() -> None:
    with busy(2) as pids:
        assert [parent(pid) for pid in pids] == [os.getpid()] * 2
        until(lambda: all(cpu(pid) > 0.2 and memory(pid) > 1000 for pid in pids))
    assert len(set(pids)) == 2
    assert [alive(pid) for pid in pids] == [False, False]


def test_cores_are_busy_no_longer_than_whoever_asked_for_it_lives() -> None:
    script = (
        "import os\nfrom bench.busy import busy\nwith busy(1) as pids:\n    print(*pids, flush=True)\n    os._exit(1)"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False, stdout=subprocess.PIPE)
    until(lambda: not alive(int(ended.stdout)))
