"""The same request, settings and time give the same decision, which can be written down and compared."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import pytest
from werkzeug import Request

from relay.call import Call, Interface
from relay.decide import Decision, decide
from relay.errors import (
    AppUnavailable,
    InvalidParam,
    Misconfigured,
    RelayError,
    Unauthorized,
)
from relay.incoming.access import Caller
from relay.incoming.settings import Settings
from relay.plan import Dialect, Plan
from tests.requests import get, post, received, request

KEY = {"api_key": "quack"}
NOW = 1_700_000_000.0
FORM = {"user_input_form": [{"file": {"variable": "doc"}}, {"text-input": {"variable": "city"}}]}
LINK = {"type": "image", "transfer_method": "remote_url", "url": "https://a.example/b.png"}


@dataclass(frozen=True)
class Forms:
    """Apps that are reached by reverse invocation, and declare the same."""

    form: Mapping[str, Any]

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        assert app_id
        return self.form

    def keyed(self, app_id: str) -> None:
        assert app_id


def decided(
    sent: Request,
    settings: Mapping[str, Any] = KEY,
    *,
    app_id: str = "app",
    interface: Interface = Interface.ANY,
    form: Mapping[str, Any] = FORM,
) -> Decision:
    heard = received(sent, app_id=app_id, interface=interface)
    first = decide(heard, Settings.read(settings), now=NOW, apps=Forms(form))
    assert decide(heard, Settings.read(settings), now=NOW, apps=Forms(form)) == first
    return first


def plan(sent: Request, settings: Mapping[str, Any] = KEY, **options: Any) -> Plan:
    (only,) = decided(sent, settings, **options).plans
    return only


def keyed(body: Any = None, query: str = "", headers: Mapping[str, str] | None = None, **options: Any) -> Request:
    given = {"X-API-Key": "quack", **(headers or {})}
    if body is None:
        return request(query_string=query, headers=given, **options)
    return request(
        method="POST",
        data=json.dumps(body),
        content_type="application/json",
        query_string=query,
        headers=given,
        **options,
    )


def signed(body: bytes, secret: str = "s", **headers: str) -> Request:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = {"X-Hub-Signature-256": f"sha256={digest}", **headers}
    return request(method="POST", data=body, content_type="application/json", headers=given)


def test_a_plan_says_all_that_is_to_be_done() -> None:
    assert plan(keyed({"query": "hi", "user": "u", "city": "Paris", "format": "text"})) == Plan(
        caller=Caller.KEY,
        endpoint_id="endpoint",
        call=Call(app_id="app", query="hi", user="u", inputs={"city": "Paris"}),
        form="text",
    )


def test_a_plan_can_be_stored_and_read_back() -> None:
    settings = {**KEY, "answer_template": '{"a": "{{ answer }}"}', "memory": "user"}
    made = plan(keyed({"query": "hi", "files": [LINK]}, headers={"Idempotency-Key": "1"}), settings)
    assert made.context is not None
    assert Plan.load(made.dump()) == made
    assert b"quack" not in made.dump()


def test_a_plan_keeps_the_files_beside_the_inputs() -> None:
    made = plan(keyed({"query": "hi"}))
    files = (LINK, {"type": "document", "transfer_method": "local_file", "upload_file_id": "1"})
    kept = replace(made, call=replace(made.call, beside=files))
    assert Plan.load(kept.dump()) == kept


def test_a_plan_with_bytes_is_not_stored() -> None:
    made = plan(request(method="POST", data={"f": (BytesIO(b"x"), "a.txt")}, headers={"X-API-Key": "quack"}))
    with pytest.raises(ValueError, match="uploaded"):
        made.dump()


def test_a_plan_that_is_too_large_is_not_stored() -> None:
    with pytest.raises(ValueError, match="larger than"):
        plan(keyed({"query": "x" * 300_000})).dump()


@pytest.mark.parametrize("query", ["", "  \n"])
def test_a_chat_needs_a_query(query: str) -> None:
    with pytest.raises(InvalidParam, match="needs a query"):
        plan(keyed({"query": query}), interface=Interface.CHAT)


@pytest.mark.parametrize("interface", [Interface.WORKFLOW, Interface.COMPLETION])
def test_where_the_interface_has_no_query_it_is_an_input(interface: Interface) -> None:
    assert plan(keyed({"query": "hi", "a": 1}), interface=interface).call.inputs == {"query": "hi", "a": 1}
    own = plan(keyed({"query": "hi", "inputs": {"query": "own"}}), interface=interface)
    assert own.call.inputs == {"query": "own"}


def test_empty_ids_are_none_and_new_is_a_fresh_conversation() -> None:
    call = plan(keyed({"conversation_id": "", "user": ""})).call
    assert (call.conversation_id, call.user, call.fresh) == (None, None, False)
    call = plan(keyed({"conversation_id": "new"})).call
    assert (call.conversation_id, call.fresh) == (None, True)


def test_head_and_options_decide_without_a_plan() -> None:
    head = decided(request(method="HEAD", query_string="key=quack&format=text"))
    assert head.reply is not None
    assert (head.reply.media_type, head.plans) == ("text/plain; charset=utf-8", ())
    options = decided(request(method="OPTIONS"))
    assert options.reply is not None
    assert options.reply.headers == {"Allow": "GET, HEAD, OPTIONS, POST"}


def test_an_event_source_that_comes_back_is_told_to_stay_away() -> None:
    came_back = decided(get("key=quack&query=hi", {"Last-Event-ID": "7"}))
    assert came_back.reply is not None
    assert (came_back.reply.status, came_back.plans) == (204, ())
    assert plan(keyed({"query": "hi"}, headers={"Last-Event-ID": "7"}))


@pytest.mark.parametrize(
    "header", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}]
)
def test_a_browser_that_looks_ahead_runs_nothing(header: dict[str, str]) -> None:
    with pytest.raises(AppUnavailable):
        decided(get("key=quack", header))


# --- settings

PICKED = {"app_id": "app", "inputs": {"city": "Rome", "tone": "calm"}, "files": []}


def test_what_the_owner_filled_in_is_below_what_the_caller_sends() -> None:
    settings = {**KEY, "app": PICKED}
    assert plan(keyed({"city": "Paris"}), settings).call.inputs == {"city": "Paris", "tone": "calm"}
    assert plan(keyed({"city": "Paris"}), settings, app_id="").call.app_id == "app"
    assert plan(keyed({"a": 1}), settings, app_id="other").call.inputs == {"a": 1}


def test_the_owners_file_goes_where_the_app_takes_one_unless_the_caller_sends_another() -> None:
    settings = {**KEY, "app": {**PICKED, "files": [LINK]}}
    assert plan(keyed({}), settings).call.inputs == {"city": "Rome", "tone": "calm", "doc": LINK}
    own = {**LINK, "url": "https://b.example/own.png"}
    assert plan(keyed({"files": [own]}), settings).call.inputs["doc"] == own
    assert "doc" not in plan(keyed({}), settings, form={}).call.inputs


def test_files_are_placed_before_anything_runs() -> None:
    with pytest.raises(InvalidParam, match="takes no files"):
        plan(keyed({"files": [LINK]}), form={})


@pytest.mark.parametrize(
    ("settings", "sent", "told"),
    [
        ({**KEY, "memory_days": "soon"}, keyed({}), "memory_days"),
        ({**KEY, "memory_days": "soon"}, keyed(None), "memory_days"),
        ({**KEY, "query_template": "{{ body"}, keyed({}), "query_template"),
        ({**KEY, "webhook": "hmac", "hmac_header": "no header"}, keyed({}), "hmac_header"),
    ],
)
def test_the_holder_of_the_key_is_told_which_setting_is_wrong(
    settings: dict[str, Any], sent: Request, told: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        decided(sent, settings)
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"access": "public", "app": "app", "memory_days": "soon"}, "memory_days"),
        ({"access": "public", "app": "app", "webhook": "github", "webhook_secret": "s"}, "webhook_secret"),
        ({"access": "signature", "webhook": "hmac", "hmac_header": "no header"}, "hmac_header"),
        ({"access": "public", "app": "app", "query_template": "{{ body"}, "query_template"),
    ],
)
def test_a_stranger_is_told_that_something_is_wrong_and_the_log_what(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        decided(post("{}"), settings)
    assert told not in caught.value.message
    assert told in caught.value.reason


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_without_the_key_nothing_is_said_of_the_settings(method: str) -> None:
    with pytest.raises(Unauthorized):
        decided(request(method=method), {**KEY, "memory_days": "soon"})
    assert decided(request(method="OPTIONS"), {**KEY, "memory_days": "soon"}).reply is not None


# --- senders

GITHUB = {"access": "signature", "webhook": "github", "webhook_secret": "s", "app": "app"}
ISSUE = json.dumps(
    {"action": "opened", "issue": {"title": "Leak", "number": 1}, "sender": {"login": "donald"}}
).encode()


def test_a_senders_plan_says_whose_it_is_and_which_delivery() -> None:
    made = plan(signed(ISSUE, **{"X-GitHub-Event": "issues", "X-GitHub-Delivery": "1"}), GITHUB)
    assert (made.caller, made.sender, made.dialect, made.fingerprint) == ("signature", "github", Dialect.SENDER, "")
    again = plan(signed(ISSUE, **{"X-GitHub-Event": "issues", "X-GitHub-Delivery": "2"}), GITHUB)
    assert made.delivery_id
    assert made.delivery_id == again.delivery_id, "a replay under another id, which no signature covers"


def test_a_batch_is_a_plan_for_each_message() -> None:
    events = [
        {
            "type": "message",
            "webhookEventId": f"e{number}",
            "source": {"type": "user", "userId": f"U{number % 2}"},
            "message": {"type": "text", "id": str(number), "text": f"message {number}"},
        }
        for number in range(3)
    ]
    settings = {**KEY, "webhook": "line"}
    made = decided(keyed({"destination": "D", "events": events}), settings)
    assert [one.call.query for one in made.plans] == ["message 0", "message 1", "message 2"]
    assert len({one.delivery_id for one in made.plans}) == 3
    assert made.plans[0].conversation == made.plans[2].conversation != made.plans[1].conversation


def test_an_ignored_message_runs_nothing_and_is_noted() -> None:
    event = {"type": "message", "bot_id": "B1", "text": "hi", "user": "U1"}
    made = decided(keyed({"type": "event_callback", "event": event}), {**KEY, "webhook": "slack"})
    assert made.reply is not None
    assert (made.plans, made.notes) == ((), ["a bot's own message"])


def test_a_handshake_is_answered_whoever_may_call() -> None:
    for settings in ({**KEY}, {"access": "public"}):
        sent = keyed({"type": "url_verification", "challenge": "c"})
        made = decided(sent, {**settings, "webhook": "slack", "app": "app"})
        assert made.reply is not None
        assert json.loads(made.reply.body) == {"challenge": "c"}


# --- deliveries


def test_an_idempotency_key_stands_for_one_request() -> None:
    def fingerprint(sent: Request, **options: Any) -> tuple[str | None, str]:
        made = plan(sent, **options)
        return made.delivery_id, made.fingerprint

    headers = {"Idempotency-Key": "1"}
    first = fingerprint(keyed({"query": "hi"}, headers=headers))
    assert first == fingerprint(keyed({"query": "hi"}, headers=headers))
    others = [
        fingerprint(keyed({"query": "ho"}, headers=headers)),
        fingerprint(keyed({"query": "hi"}, "tone=calm", headers)),
        fingerprint(keyed({"query": "hi"}, "format=html", headers)),
        fingerprint(keyed({"query": "hi"}, headers={**headers, "Accept": "text/html"})),
        fingerprint(keyed({"query": "hi"}, headers=headers), interface=Interface.CHAT),
    ]
    assert {delivery_id for delivery_id, _ in others} == {first[0]}
    assert len({first[1], *(print_ for _, print_ in others)}) == len(others) + 1
    assert fingerprint(keyed({"query": "hi"})) == (None, "")


# --- memory


@pytest.mark.parametrize(
    ("settings", "remembers"),
    [
        ({**KEY}, False),
        ({**KEY, "memory": "user"}, True),
        ({"access": "public", "memory": "user"}, False),
        ({"access": "public", "memory": "user", "webhook": "telegram"}, False),
        ({"access": "public", "memory": "user", "user_template": "{{ headers['x-user'] }}"}, True),
    ],
)
def test_whom_a_stranger_names_is_nobody(settings: dict[str, Any], remembers: bool) -> None:
    sent = keyed({"query": "hi", "user": "alice"}, headers={"X-User": "alice"})
    assert plan(sent, {**settings, "app": "app"}).remembers is remembers


def test_an_error_is_told_as_the_fields_ask() -> None:
    browser = {"Accept": "text/html"}
    with pytest.raises(RelayError) as caught:
        plan(keyed({"format": "json"}, headers=browser), interface=Interface.CHAT)
    assert caught.value.readable is False
    with pytest.raises(RelayError) as caught:
        plan(keyed({}, headers=browser), interface=Interface.CHAT)
    assert caught.value.readable is None
