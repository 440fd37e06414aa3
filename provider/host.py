"""The process that the relay runs in."""

import time

from provider import watchdog
from relay.host import Host

HOST = Host(clock=time.time, elapsed=time.monotonic, mark=watchdog.mark)
