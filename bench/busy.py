"""Cores that have something else to do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.process import Pid

# it ends by itself when whoever started it is gone, however that ended
_WORK = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    sum(range(10**6))
"""


@contextmanager
def busy(cores: int) -> Iterator[list[Pid]]:
    """Keep so many cores busy, each by a process of its own; give these."""
    with ExitStack() as stack:
        pids: list[Pid] = []
        for _ in range(cores):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _WORK, str(os.getpid())]))
            stack.callback(process.kill)
            pids.append(process.pid)
        yield pids
