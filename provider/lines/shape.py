"""What of the SDK the lines stand in for, and what they call: written for dify-plugin 0.10."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields

from dify_plugin import Plugin
from dify_plugin.config import logger_format
from dify_plugin.core.entities.plugin.io import PluginInStream
from dify_plugin.core.runtime import BackwardsInvocation, BackwardsInvocationResponseEvent
from dify_plugin.core.server.__base.request_reader import RequestReader
from dify_plugin.core.server.__base.response_writer import ResponseWriter
from dify_plugin.core.server.serverless.request_reader import ServerlessRequestReader
from dify_plugin.core.server.stdio.request_reader import StdioRequestReader
from dify_plugin.core.server.stdio.response_writer import StdioResponseWriter
from dify_plugin.core.server.tcp.request_reader import TCPReaderWriter

PARAMETERS: Mapping[tuple[type, str], str] = {
    (RequestReader, "event_loop"): "self",
    (RequestReader, "_process_line"): "self data",
    (StdioRequestReader, "_read_async"): "self",
    (TCPReaderWriter, "_read_data"): "self",
    (TCPReaderWriter, "_launch"): "self",
    (TCPReaderWriter, "_connect_once"): "self",
    (ResponseWriter, "put"): "self event session_id data",
    (ResponseWriter, "stream_object"): "self data",
    (StdioResponseWriter, "write"): "self data",
    (BackwardsInvocation, "_full_duplex_backwards_invoke"): "self backwards_request_id type data_type data",
    (BackwardsInvocation, "_http_backwards_invoke"): "self backwards_request_id type data_type data",
}
FIELDS: Mapping[type, str] = {
    PluginInStream: "session_id event data conversation_id message_id app_id endpoint_id context reader writer",
}
REPLY = {"backwards_request_id", "event", "message", "data"}
KINDS = {"response", "error", "end"}
READERS = (StdioRequestReader, TCPReaderWriter, ServerlessRequestReader)


def differences(plugin: Plugin) -> list[str]:
    """Name what is not as expected; nothing when all is."""
    try:
        return list(_differences(plugin))
    except Exception as error:  # noqa: BLE001 - what is looked at may have become anything
        return [f"{type(error).__name__}: {error}"]


def _differences(plugin: Plugin) -> Iterator[str]:
    for (kind, name), expected in PARAMETERS.items():
        function = getattr(kind, name, None)
        if function is None or " ".join(inspect.signature(function).parameters) != expected:
            yield f"{kind.__name__}.{name} takes other arguments, or is gone"
    for kind, expected in FIELDS.items():
        if " ".join(field.name for field in fields(kind)) != expected:
            yield f"{kind.__qualname__} has other fields"
    if set(BackwardsInvocationResponseEvent.model_fields) != REPLY:
        yield "a reply has other fields"
    if {kind.value for kind in BackwardsInvocationResponseEvent.Event} != KINDS:
        yield "there are other kinds of replies"
    if type(plugin.request_reader) not in READERS:
        yield "the lines come another way"
    if not hasattr(logger_format, "plugin_logger_handler"):
        yield "the log is written another way"
