"""The process that the relay runs in."""

import time
from collections.abc import Mapping

from dify_plugin.config.config import DifyPluginEnv, InstallMethod

from provider import watchdog
from provider.bell import Bell
from provider.own import Own
from provider.sending import Sending, base_of
from relay.host import Host

# How long the daemon needs, with busy cores, to see an answer's first chunk before its end: seconds. On a real daemon
# whose two cores had four other things to do, 20 ms cut 8 of 2,100 answers, 50 ms 6, and 100 ms none of 8,100. A
# debugging connection adds TCP; serverless, a chunk leaves in another greenlet, over HTTP.
ENDING: Mapping[InstallMethod, float] = {
    InstallMethod.Local: 0.1,
    InstallMethod.Remote: 0.15,
    InstallMethod.Serverless: 0.25,
}

HOST = Host(
    clock=time.time,
    elapsed=time.monotonic,
    ending=ENDING[DifyPluginEnv().INSTALL_METHOD],
    bell=Bell,
    post=Sending,
    base=base_of,
    own=Own(),
    mark=watchdog.mark,
)
