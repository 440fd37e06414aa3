"""Requests as the SDK hands them to an endpoint, and as the relay receives them."""

from collections.abc import Mapping
from typing import Any

from werkzeug import Request
from werkzeug.test import EnvironBuilder

from relay.call import Interface
from relay.incoming.received import Received, receive


def request(path: str = "/duck/app", **options: Any) -> Request:
    return Request(EnvironBuilder(path=path, **options).get_environ())


def get(query: str = "", headers: Mapping[str, str] | None = None) -> Request:
    return request(query_string=query, headers=dict(headers or {}))


def post(body: bytes | str, content_type: str | None = "application/json", query: str = "") -> Request:
    raw = body if isinstance(body, bytes) else body.encode()
    return request(method="POST", data=raw, content_type=content_type, query_string=query)


def received(sent: Request, *, app_id: str = "", interface: Interface = Interface.ANY) -> Received:
    return receive(sent, app_id=app_id, interface=interface, endpoint_id="endpoint")
