"""What one request may cost: each of these took seconds, minutes or hundreds of megabytes once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

PUNYCODE = "x\U0001f600".encode("punycode") + b"a" * 600_000
PUBLIC = {"access": "public", "app": {"app_id": "chat-1-0"}}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("text/plain; charset=punycode", PUNYCODE, 415, "unsupported_media_type"),
        ("text/plain; charset=idna", b"a" * 600_000, 415, "unsupported_media_type"),
        ("text/plain; charset=utf-7", b"+2AA-", 415, "unsupported_media_type"),
        ("application/json; charset=punycode", b'{"query":"x"}' + PUNYCODE, 415, "unsupported_media_type"),
        (FORM, b"a&" * 5_000_000, 413, "payload_too_large"),
        (FORM, b"{},{}," * 1_700_000, 413, "payload_too_large"),
        ("application/json", b"[" + b"{}," * 3_000_000 + b"{}]", 413, "payload_too_large"),
        ("application/json", b'{"a":' * 300 + b"1" + b"}" * 300, 400, "invalid_param"),
        ("application/json", b'{"a":' * 990 + b"1" + b"}" * 990, 400, "invalid_param"),
        ("application/json", b"[" * 100_000 + b"]" * 100_000, 400, "invalid_param"),
        ("text/plain; " + "x" * 5000, b"hi", 415, "unsupported_media_type"),
        ("text/plain", b"x" * 6_000_000, 413, "payload_too_large"),
        ("text/plain", "\u9d28".encode() * 1_000_000, 413, "payload_too_large"),
    ],
)
def test_it_is_refused_before_it_costs(
    endpoint: Open, received: Received, content_type: str, body: bytes, status: int, code: str
) -> None:
    client = endpoint(key=None, **PUBLIC)
    answer = client.post("/chat", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert received(client) == []


@pytest.mark.parametrize(
    ("template", "body"),
    [
        (
            "{% for i in body.rows %}{{ body.customer }}: {{ i.name }}\n{% endfor %}",
            {"customer": "x" * 60_000, "rows": [{"name": "a"}] * 10_000},
        ),
        ("{{ body.t | replace('a', body.u) }}", {"t": "a" * 50_000, "u": "b" * 50_000}),
        (
            "{% for i in body.rows %}{{ i.n / (body.rows | sum(attribute='n')) }} {% endfor %}",
            {"rows": [{"n": 1}] * 10_000},
        ),
        ("{{ body.groups | sum(start=[]) | length }}", {"groups": [[1]] * 60_000}),
        ("{{ body.a | select('in', body.b) | list | length }}", {"a": [*range(20_000)], "b": [*range(20_000)]}),
    ],
)
def test_a_template_goes_too_far_before_it_costs(
    endpoint: Open, received: Received, template: str, body: dict[str, Any]
) -> None:
    client = endpoint(key=None, **PUBLIC, query_template=template)
    answer = client.post("/chat", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert answer.json()["message"].startswith("query_template ")
    assert received(client) == []


def test_templates_see_no_more_than_they_can_bear(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, **PUBLIC, query_template="{{ body.a }}")
    answer = client.post("/chat", json={"a": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert "templates" in answer.json()["message"]
    assert received(client) == []


def test_many_fields_in_an_address_are_refused(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, **PUBLIC)
    answer = client.get("/chat?" + "&".join(f"a{number}=" for number in range(1500)))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert received(client) == []
