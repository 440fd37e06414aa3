"""JSON as the daemon writes it, and the errors it answers callers with."""

import json
from collections.abc import Mapping
from typing import Any

# Go's encoder keeps JSON safe inside HTML.
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def dumps(value: Any, *, sort: bool = False) -> str:
    """Encode `value` without spaces; `sort` as Go does with maps, while its structs keep their order."""
    text = (_encode_sorted if sort else _encode)(value)
    # Lone surrogates cannot be sent as UTF-8: Go replaces them.
    return text.translate(_ESCAPES).encode(errors="replace").decode()


class DaemonError(Exception):
    """What the daemon itself answers: an HTTP status and `{"code": -<status>, "message": <JSON>, "data": null}`.

    Source: the daemon's internal/types/exception and pkg/entities/response.go.
    """

    def __init__(self, status: int, message: str, *, code: int, error_type: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = dumps(
            {
                "code": code,
                "message": dumps({"message": message, "error_type": error_type, "args": None}),
                "data": None,
            }
        ).encode()


def internal_error(message: str, *, status: int = 500) -> DaemonError:
    return DaemonError(status, message, code=-500, error_type="PluginDaemonInternalServerError")


def unknown_hook() -> DaemonError:
    return DaemonError(404, "endpoint not found", code=-400, error_type="PluginDaemonBadRequestError")


def disabled_hook() -> DaemonError:
    return DaemonError(404, "endpoint not found", code=-404, error_type="PluginDaemonNotFoundError")


class PluginError(Exception):
    """An error message of the plugin, in the text form in which the daemon hands it on."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(
            dumps(
                {
                    "message": error.get("message", ""),
                    "error_type": error.get("error_type", ""),
                    "args": error.get("args"),
                },
                sort=True,
            )
        )
