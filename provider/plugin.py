"""The plugin as Dify runs it, with one gap of the SDK closed."""

import logging
from typing import Any

from dify_plugin import Plugin
from dify_plugin.core.server.__base.request_reader import RequestReader
from dify_plugin.core.server.__base.response_writer import ResponseWriter

from relay import wire
from relay.errors import InvalidParam

log = logging.getLogger("duck_relay")

UNREADABLE = InvalidParam(
    "The head of the request can't be read: an address or header is not UTF-8, or a header's name has an underscore."
)


class RelayPlugin(Plugin):
    """Answers a request that the SDK can't parse with 400.

    The SDK parses a request before any endpoint is asked, and lets its exception go to the caller, a traceback with
    the server's paths. An endpoint of this plugin raises nothing, so whatever arrives here comes from there.
    """

    def _execute_request(
        self, session_id: str, data: dict[str, Any], reader: RequestReader, writer: ResponseWriter, *rest: Any
    ) -> None:
        try:
            super()._execute_request(session_id, data, reader, writer, *rest)
        except Exception as error:  # noqa: BLE001 - a ValueError of any kind, or the parser's own
            log.warning("a request that can't be parsed: %s", type(error).__name__)
            answer = {
                "status": int(UNREADABLE.status),
                "headers": {"Content-Type": "application/json"},
                "result": wire.encode(wire.dump(UNREADABLE.as_dict())).hex(),
            }
            writer.session_message(session_id=session_id, data=writer.stream_object(data=answer))
