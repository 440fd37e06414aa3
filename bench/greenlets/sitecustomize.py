"""Counts a process's greenlets at SIGUSR2. Python imports this by its name when its folder is in PYTHONPATH.

Under gevent threads are greenlets, which the operating system does not see; so the plugin's process counts its own,
unchanged otherwise, into the file that GREENLETS names. Workers that wait in the SDK's pool for the next request
do not count: they are kept, up to 1,000, to be used again.
"""

import gc
import os
import signal
from pathlib import Path


def count(*_: object) -> None:
    # not before: what is imported ahead of gevent's patching would stay unpatched
    from concurrent.futures import thread  # noqa: PLC0415

    from greenlet import greenlet  # noqa: PLC0415

    gc.collect()
    idle = thread._worker.__code__  # noqa: SLF001 - nothing else tells them apart
    alive = (thing for thing in gc.get_objects() if isinstance(thing, greenlet) and not thing.dead)
    at_work = sum(each.gr_frame is None or each.gr_frame.f_code is not idle for each in alive)
    file = Path(os.environ["GREENLETS"])
    unfinished = file.with_suffix(".part")
    unfinished.write_text(str(at_work))
    unfinished.replace(file)


signal.signal(signal.SIGUSR2, count)
