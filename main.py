"""Dify starts the plugin here: `python -m main`."""

import logging

from dify_plugin import DifyPluginEnv
from dify_plugin.config.logger_format import plugin_logger_handler

from endpoints.nowhere import Nowhere
from provider import lines, watchdog
from provider.plugin import RelayPlugin

# nothing of it stands in the lines of Dify's protocol, and each request writes one
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

log = logging.getLogger("duck_relay")
log.setLevel(logging.INFO)
log.addHandler(plugin_logger_handler)  # stdout belongs to Dify's protocol: this handler speaks it

plugin = RelayPlugin(DifyPluginEnv(), otherwise=Nowhere)

if __name__ == "__main__":
    watchdog.start()
    lines.start(plugin)
    plugin.run()
