"""The lines between the plugin and Dify's daemon, read and written by the plugin itself.

The SDK's own way costs most of what an endpoint costs, and loses events. What was measured (docs/performance.md):

- It is not the JSON that costs, but **each time that the process wakes**. The SDK reads its input by way of a pool
  of threads, offers each line to every open stream, and builds a pydantic adapter to parse it. Here the pipe is read
  without a thread, and when lines come fast the reader rests for some milliseconds so that they gather; each is
  parsed once, by the SDK's own parser, and handed to the run that waits for it. A lone stream is read at once.
- **The pipe holds 64 KiB.** While it is full the daemon drops what it can't write: a third of 2,000 events at once.
  Linux lets a process widen its pipe.
- A chunk was three models and two writes, each by way of that pool. Here it is encoded once, and all lines of one
  turn of the event loop leave in one write.
- Serverless, each reverse invocation is an HTTP request of the plugin, and the SDK makes a client for each: reading
  the certificates that it trusts takes longer than an answer. Here one client serves all.

All of it stands in for what the SDK calls its own. So `start` first looks whether the SDK still has the shape that
this was written for; when it has not, its own way is left in place, and the log says so.
"""

import logging
import os

from dify_plugin import Plugin

from provider.lines import exchange
from provider.lines.exchange import Exchange

__all__ = ["SWITCH", "Exchange", "start"]

log = logging.getLogger("duck_relay")

SWITCH = "DUCK_LINES"  # an environment variable: "sdk" leaves all of it to the SDK


def start(plugin: Plugin) -> bool:
    """Take the lines over from the SDK, if it has the expected shape and nobody said otherwise; tell whether."""
    if os.environ.get(SWITCH, "").strip().lower() == "sdk":
        log.info("%s=sdk: the SDK reads and writes its lines itself", SWITCH)
        return False
    try:
        from provider.lines import shape, way_in, way_out  # noqa: PLC0415 - what they need of the SDK may be gone
    except ImportError as error:
        differing = [f"{error.name} is gone"]
    else:
        differing = shape.differences(plugin)
    if differing:
        log.warning("the SDK reads and writes its lines itself, for it has changed: %s", "; ".join(differing))
        return False
    exchanges = exchange.Exchanges()
    way_out.start(plugin)
    way_in.start(plugin, exchanges)
    exchange.start(exchanges)
    return True
