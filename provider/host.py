"""The process that the relay runs in."""

import time
from collections.abc import Mapping

from dify_plugin.config.config import DifyPluginEnv, InstallMethod

from provider import watchdog
from provider.bell import Bell
from relay.host import Host

# How long the daemon needs, with busy cores, to see an answer's first chunk before its end: seconds. A debugging
# connection may hold small pieces back for 40 ms; serverless, a chunk leaves in another greenlet, over HTTP.
ENDING: Mapping[InstallMethod, float] = {
    InstallMethod.Local: 0.02,
    InstallMethod.Remote: 0.1,
    InstallMethod.Serverless: 0.25,
}

HOST = Host(
    clock=time.time,
    elapsed=time.monotonic,
    ending=ENDING[DifyPluginEnv().INSTALL_METHOD],
    bell=Bell,
    mark=watchdog.mark,
)
