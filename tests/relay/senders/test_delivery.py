from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from relay.senders import SCHEMES, Delivery, table

FORM = "application/x-www-form-urlencoded"


def delivery(body: bytes, content_type: str = "application/json", **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(headers={"content-type": content_type, **named}, body=body)


@pytest.mark.parametrize(
    ("body", "content_type", "payload"),
    [
        (b'{"a": {"b": [1]}}', "application/json", {"a": {"b": [1]}}),
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "application/vnd.vendor+json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}),
        (urlencode({"payload": '{"a": 1}'}).encode(), FORM, {"a": 1}),
        (b"command=%2Fask&text=a+b&empty=", FORM, {"command": "/ask", "text": "a b", "empty": ""}),
        (b"payload=1&text=a", FORM + "; charset=utf-8", {"payload": "1", "text": "a"}),
        (b'{"a": 1}', FORM, {"a": 1}),
        (b"", "application/json", {}),
        (b"", FORM, {}),
        (b"[1]", "application/json", {}),
        (b'{"a": ', "application/json", {}),
        (b'{"a": NaN}', "application/json", {}),
        (b"payload=[1]", FORM, {}),
        (b"payload=%7B", FORM, {}),
        (b"\xff\xfe", "application/json", {}),
        (b'{"a":' * 100_000, "application/json", {}),
        (b"&".join([b"a=1"] * 1001), FORM, {}),
        (b'{"a": ' + b"1" * 5000 + b"}", "application/json", {}),
    ],
    ids=lambda value: None if isinstance(value, Mapping) else str(value)[:30],
)
def test_the_payload_is_the_json_or_the_form(body: bytes, content_type: str, payload: Mapping[str, Any]) -> None:
    assert delivery(body, content_type).payload == payload


@pytest.mark.parametrize(
    ("path", "found", "text"),
    [
        ("a.0.b", "c", "c"),
        ("a.1", 7, "7"),
        ("a.2", True, ""),
        ("a.3", None, ""),
        ("a.b", None, ""),
        ("a.0", {"b": "c"}, ""),
        ("a.0.b.c", None, ""),
        ("a.-1", None, ""),
        ("d", None, ""),
    ],
)
def test_a_path_leads_through_objects_and_lists(path: str, found: object, text: str) -> None:
    sent = delivery(b'{"a": [{"b": "c"}, 7, true]}')
    assert (sent.find(path), sent.text(path)) == (found, text)


@pytest.mark.parametrize(
    ("scheme", "sent", "expected"),
    [
        ("standard-webhooks", delivery(b"{}", webhook_id="msg_1"), "msg_1"),
        ("github", delivery(b"{}", x_github_delivery="72d3162e"), "72d3162e"),
        ("gitlab", delivery(b"{}", idempotency_key="f5e5f430", x_gitlab_event_uuid="shared"), "f5e5f430"),
        ("gitlab", delivery(b"{}", x_gitlab_event_uuid="shared"), None),
        ("slack", delivery(b'{"type":"event_callback","event_id":"Ev1"}'), "Ev1"),
        ("slack", delivery(b"command=%2Fask&trigger_id=1.2.a", FORM), "1.2.a"),
        ("stripe", delivery(b'{"id":"evt_1"}'), "evt_1"),
        ("shopify", delivery(b"{}", x_shopify_webhook_id="b54557e4"), "b54557e4"),
        ("discord", delivery(b'{"id":"846"}'), "846"),
        ("line", delivery(b'{"events":[{"webhookEventId":"01F"}]}'), "01F"),
        ("telegram", delivery(b'{"update_id":10000}'), "10000"),
        ("meta", delivery(b'{"entry":[{"messaging":[{"message":{"mid":"m_1"}}]}]}'), "m_1"),
        ("meta", delivery(b'{"entry":[{"changes":[{"value":{"messages":[{"id":"wamid.1"}]}}]}]}'), "wamid.1"),
        ("microsoft-graph", delivery(b'{"value":[{"id":"n1"}]}'), "n1"),
        ("microsoft-graph", delivery(b'{"value":[{}]}'), None),
        ("stripe", delivery(b'{"id":"evt_1"}', idempotency_key="k"), "evt_1"),
        ("stripe", delivery(b'{"id":{"x":1}}', idempotency_key="k"), "k"),
        ("stripe", delivery(b"[]"), None),
    ],
)
def test_the_id_is_the_senders_else_the_idempotency_key(scheme: str, sent: Delivery, expected: str | None) -> None:
    assert SCHEMES[scheme].delivery_id(sent) == expected


def test_a_sender_of_the_generic_scheme_may_send_an_idempotency_key() -> None:
    scheme = table.hmac(header="x-sign")
    assert scheme.delivery_id(delivery(b"{}", idempotency_key=" k ")) == "k"
    assert scheme.delivery_id(delivery(b"{}")) is None


@pytest.mark.parametrize(
    ("scheme", "sent", "repeated"),
    [
        ("slack", delivery(b"{}"), False),
        ("slack", delivery(b"{}", x_slack_retry_num="1", x_slack_retry_reason="http_timeout"), True),
        ("slack", delivery(b"{}", x_slack_retry_num="0"), False),
        ("line", delivery(b'{"events":[{"deliveryContext":{"isRedelivery":true}}]}'), True),
        ("line", delivery(b'{"events":[{"deliveryContext":{"isRedelivery":false}}]}'), False),
        ("github", delivery(b"{}", x_slack_retry_num="1"), False),
    ],
)
def test_a_repeated_delivery_says_so(scheme: str, sent: Delivery, repeated: bool) -> None:
    assert SCHEMES[scheme].is_repeated(sent) is repeated
