"""What the system tells of another process. Only Linux does."""

import time
from pathlib import Path

type Pid = int


def cpu(pid: Pid) -> float:
    """Give the seconds of processor time that a process has used so far, its threads included, ended ones as well.

    utime and stime in /proc/<pid>/stat are the same in hundredths of a second, too coarse for a light load; this is
    the process's own clock, whose id clock_getcpuclockid(3) makes so.
    """
    return time.clock_gettime(~pid << 3 | 2)


def memory(pid: Pid) -> int:
    """Give a process's resident memory in KiB."""
    return int(_status(pid)["VmRSS"].split()[0])


def parent(pid: Pid) -> Pid:
    """Give the process that started it: the workspace, or Dify's plugin daemon."""
    return int(_status(pid)["PPid"])


def _status(pid: Pid) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
