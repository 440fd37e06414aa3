"""Requests as the SDK hands them to an endpoint."""

from collections.abc import Mapping
from typing import Any

from werkzeug import Request
from werkzeug.test import EnvironBuilder


def request(path: str = "/duck/app", **options: Any) -> Request:
    return Request(EnvironBuilder(path=path, **options).get_environ())


def get(query: str = "", headers: Mapping[str, str] | None = None) -> Request:
    return request(query_string=query, headers=dict(headers or {}))


def post(body: bytes | str, content_type: str | None = "application/json", query: str = "") -> Request:
    raw = body if isinstance(body, bytes) else body.encode()
    return request(method="POST", data=raw, content_type=content_type, query_string=query)
