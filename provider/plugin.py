"""The plugin as Dify runs it, with two gaps of the SDK closed."""

import logging
from collections.abc import Mapping
from typing import Any

from dify_plugin import DifyPluginEnv, Endpoint, Plugin
from dify_plugin.core.server.__base.request_reader import RequestReader
from dify_plugin.core.server.__base.response_writer import ResponseWriter
from werkzeug import Request

from provider import watchdog
from relay import wire
from relay.errors import InvalidParam
from relay.incoming.received import new_id
from relay.outgoing.response import HEADERS

log = logging.getLogger("duck_relay")

UNREADABLE = InvalidParam(
    "The head of the request can't be read: an address or header is not UTF-8, or a header's name has an underscore."
)


class RelayPlugin(Plugin):
    """Answers in the relay's own words what the SDK would answer without asking an endpoint.

    - A request that it can't parse: the SDK lets its exception go to the caller, a traceback with the server's paths.
      An endpoint of this plugin raises nothing, so whatever arrives here comes from there.
    - A path or method that no endpoint has: the SDK answers with its router's text, a redirect for "//" among them.
    """

    def __init__(self, config: DifyPluginEnv, *, otherwise: type[Endpoint]) -> None:
        """Load the plugin; `otherwise` answers what no endpoint of its own does."""
        super().__init__(config)
        find = self.registration.dispatch_endpoint_request

        def find_or_nowhere(request: Request) -> tuple[type[Endpoint], Mapping[str, Any]]:
            try:
                return find(request)
            except ValueError as error:  # what the SDK makes of each of the router's errors
                return otherwise, {"methods": getattr(error.__cause__, "valid_methods", None) or ()}

        self.registration.dispatch_endpoint_request = find_or_nowhere  # type: ignore[method-assign]

    def _execute_request(
        self, session_id: str, data: dict[str, Any], reader: RequestReader, writer: ResponseWriter, *rest: Any
    ) -> None:
        watchdog.mark("")  # a thread that served another request before
        try:
            super()._execute_request(session_id, data, reader, writer, *rest)
        except Exception as error:  # noqa: BLE001 - a ValueError of any kind, or the parser's own
            request_id = new_id()
            log.warning("%s: a request that can't be parsed: %s", request_id, type(error).__name__)
            answer = {
                "status": int(UNREADABLE.status),
                "headers": {**HEADERS, "Content-Type": "application/json", "X-Request-Id": request_id},
                "result": wire.encode(wire.dump(UNREADABLE.as_dict())).hex(),
            }
            writer.session_message(session_id=session_id, data=writer.stream_object(data=answer))
