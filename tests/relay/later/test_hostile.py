"""What a flood, a hostile payload or a wrong setting does to the deliveries of others: nothing, and it is told."""

import json
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest

from relay import answer
from relay.call import Interface
from relay.incoming.settings import Settings
from relay.later.account import Account
from relay.later.check import Check, Status, checks
from relay.later.telling import words_of
from relay.later.turns import AT_ONCE, MOST_WAITING
from relay.outward import Request, Response, Started
from relay.replies.callback import Reach, judge, permitted
from relay.replies.channel import Outcome, Verdict
from tests.relay.later.desks import Scripted
from tests.relay.later.test_work import SAID, TELEGRAM, Relay
from tests.relay.scripts import saying
from tests.requests import request

LINE = {
    "access": "signature",
    "webhook": "line",
    "webhook_secret": "quack-quack-quack",
    "reply": "sender",
    "bot_token": "abc",
    "app": {"app_id": "app"},
}
UNFIT = "callback_url is no https address, or its origin is not among callback_hosts"


def told(response: Any) -> dict[str, Any]:
    return {"status": response.status_code, **json.loads(response.get_data())}


# --- floods


def test_what_is_refused_because_too_many_wait_leaves_nothing_in_the_storage() -> None:
    relay = Relay(saying(SAID))
    assert {relay.call().status_code for _ in range(AT_ONCE + MOST_WAITING)} == {202}
    before = dict(relay.dify.storage.values)
    refused = told(relay.call())
    assert (refused["status"], refused["code"]) == (429, "too_many_requests")
    assert relay.dify.storage.values == before


def test_one_that_is_written_often_does_not_hide_the_others_from_the_list() -> None:
    relay = Relay(saying(SAID))
    ids = {relay.accepted() for _ in range(12)}
    busy = min(ids)
    for _ in range(300):  # by requests of their own, as runs and tries are
        ledger = relay.ledger()
        account = ledger.find(busy)
        assert account is not None
        ledger.save(account)
    assert {account.id for account in relay.ledger().latest()} == ids


def test_those_that_are_deleted_do_not_hide_the_others_from_the_list() -> None:
    relay = Relay(saying(SAID))
    kept = relay.accepted()
    for number in range(130):
        ledger = relay.ledger()
        account = Account(id=f"{number:032x}", app_id="app", created=relay.host.clock())
        ledger.save(account)
        ledger.erase(account)
    assert [account.id for account in relay.ledger().latest()] == [kept]


class Stuck(Scripted):
    """An own address where a delivery's first run that is asked for begins when the test lets it."""

    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self.relay = relay
        self.asked_for = threading.Event()
        self.let = threading.Event()

    def start(
        self, base: str, delivery_id: str, token: str, *, patience: float, ended: Callable[[bool], None]
    ) -> Started:
        # requests of ours that are no delivery's run come first
        if not self.asked_for.is_set() and self.relay.ledger().find(delivery_id):
            self.asked_for.set()
            assert self.let.wait(30)
        return super().start(base, delivery_id, token, patience=patience, ended=ended)


def test_a_message_that_is_being_accepted_keeps_no_other_conversation_of_its_batch() -> None:
    relay = Relay(saying(SAID), LINE)
    own = Stuck(relay)
    relay.host = relay.host.__class__(
        clock=relay.host.clock, elapsed=relay.host.elapsed, bell=relay.host.bell, post=relay.host.post, own=own
    )
    events = [
        {
            "type": "message",
            "mode": "active",
            "webhookEventId": f"W{number}",
            "replyToken": f"r{number}",
            "timestamp": 1_800_000_000_000,
            "source": {"type": "user", "userId": f"U{number:032x}"},
            "message": {"id": str(number), "type": "text", "text": f"hello {number}"},
        }
        for number in range(45)
    ]

    def post(given: list[dict[str, Any]]) -> int:
        body = json.dumps({"destination": "U" + "0" * 32, "events": given}).encode()
        signature = b64encode(digest(str(LINE["webhook_secret"]).encode(), body, sha256)).decode()
        headers = {"X-Line-Signature": signature, "Dify-Hook-Id": "hook", "Content-Type": "application/json"}
        sent = request(method="POST", data=body, headers=headers)
        response = answer.respond(sent, {}, relay.settings, interface=Interface.ANY, dify=relay.dify, host=relay.host)
        response.get_data()
        return response.status_code

    first = threading.Thread(target=post, args=(events[:1],))
    first.start()
    try:
        assert own.asked_for.wait(30)
        assert post(events) == 503
    finally:
        own.let.set()
        first.join()
    assert len(relay.ledger().latest()) == len(events)
    assert post(events) == 200
    assert len(relay.ledger().latest()) == len(events)


# --- the owner's routes, at an endpoint that a sender calls


def test_the_owner_of_a_bot_gets_409_for_what_a_sender_would_get_503_for() -> None:
    relay = Relay(saying(SAID), TELEGRAM)
    id_ = relay.hear("hello")
    unfinished = relay.ask(f"/deliveries/{id_}/redeliver")
    relay.run(id_)
    over = relay.ask(f"/deliveries/{id_}/cancel")
    assert (told(unfinished)["status"], told(over)["status"]) == (409, 409)


# --- wrong settings


def test_a_callback_address_that_nothing_can_be_posted_to_is_told_before_anything_runs() -> None:
    for url in ("http://a.example/in", "https://u:p@a.example/in", "https://a.example/ä"):
        relay = Relay(saying(SAID), {"reply": "callback", "callback_url": url})
        assert told(relay.call()) == {
            "status": 503,
            "code": "app_unavailable",
            "message": f"This endpoint's settings can't be understood: {UNFIT}.",
        }
        assert relay.own.started == []


def test_a_delivery_says_which_setting_it_failed_for() -> None:
    relay = Relay(saying(SAID), {"reply": "callback", "callback_url": "https://{{ body.query }}.example/in"})
    id_ = relay.accepted_callback()
    relay.run(id_)
    shown = told(relay.ask(f"/deliveries/{id_}", "GET"))
    assert shown["error"] == {
        "code": "app_unavailable",
        "message": f"This endpoint's settings can't be understood: {UNFIT}.",
    }


@pytest.mark.parametrize("token", ["Bearer 1:ABC", "1:“ABC”", "1:ABC\u200b", "1:A\nBC"])
def test_a_token_that_no_header_can_hold_is_told_before_anything_runs(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    relay = Relay(saying(SAID), {**TELEGRAM, "bot_token": token})
    with caplog.at_level(logging.WARNING, "duck_relay"), pytest.raises(AssertionError, match="503"):
        relay.hear("hello")
    assert "bot_token holds a blank or another character that no token has" in caplog.text
    assert "ABC" not in caplog.text
    assert relay.own.started == []


def test_the_checks_say_what_the_last_refused_delivery_lacked() -> None:
    relay = Relay(saying(SAID), {**TELEGRAM, "reply": "response"})
    sent = request(method="POST", json={"update_id": 1}, headers={"Dify-Hook-Id": "hook"})
    answer.respond(sent, {}, relay.settings, interface=Interface.ANY, dify=relay.dify, host=relay.host)
    found = told(relay.ask("/deliveries"))["checks"]
    [refused] = [one["sentence"] for one in found if one["name"] == "Last refused signature"]
    assert "no x-telegram-bot-api-secret-token header" in refused


def test_the_log_says_why_an_answer_was_not_taken(caplog: pytest.LogCaptureFixture) -> None:
    relay = Relay(saying(SAID), {"reply": "callback", "callback_url": "https://a.example/in"})
    relay.statuses = [404]
    id_ = relay.accepted_callback()
    with caplog.at_level(logging.WARNING, "duck_relay"):
        relay.run(id_)
    assert "delivery failed: reply_failed (it was refused (404))" in caplog.text


KEY = "a-long-random-text-of-the-owner"
SECRET = "whsec_" + "cXVhY2tx" * 4
BACK = {"api_key": KEY, "reply": "callback", "callback_url": "https://a.example/in", "callback_secret": SECRET}
UNWRITABLE = (
    "bot_token holds a blank or another character that no token has. Copy it once more, and nothing beside it."
)
UNCALLABLE = (
    "callback_url can't be called as it stands: write it in plain ASCII, without a user name, without . or .. as a"
    " part of its path, and in at most 2,048 characters."
)
BOT = {**TELEGRAM, "api_key": KEY, "bot_id": "quackbot", "limit_user": "5/minute"}


@pytest.mark.parametrize(
    ("settings", "own", "name", "sentence"),
    [
        (
            {**BOT, "run_if": "body.action == 'opened'"},
            "http://own",
            "Templates",
            "run_if says the same of every delivery: what it is to look at has to stand in {{ … }}.",
        ),
        (
            {**BOT, "query_template": "{{ body.text"},
            "http://own",
            "Templates",
            "No valid template: query_template. The plugin's log says where, at the next call.",
        ),
        (
            {**BOT, "bot_token": "Bearer 1:ABC"},
            "http://own",
            "Bot token",
            UNWRITABLE,
        ),
        (
            {**BOT, "relay_url": "https://dify.example.org/e/hook/chat"},
            "",
            "This endpoint's URL",
            "relay_url goes on behind this endpoint's id, or before it is no /e/: end it with that id.",
        ),
        *(
            (
                {**BACK, "callback_url": url},
                "http://own",
                "Callback address",
                UNCALLABLE,
            )
            for url in ("https://u:p@a.example/in", "https://a.example/ä", f"https://a.example/{'a' * 2048}")
        ),
    ],
)
def test_the_checks_find_it_and_say_what_to_do(
    settings: Mapping[str, Any], own: str, name: str, sentence: str
) -> None:
    found = checks(Settings.read(settings), own=own, own_reached=True, hook_id="hook", token="", refused=None)
    assert [one for one in found if one.status is Status.PROBLEM] == [
        Check(name=name, status=Status.PROBLEM, sentence=sentence)
    ]


# --- callbacks


@pytest.mark.parametrize(
    "said", ["../admin", "..", ".", "a/../../admin", "%2e%2e/admin", "%2E./admin", ".%2e?a=1", "a/./b"]
)
def test_what_a_payload_says_leads_to_no_other_path_of_a_listed_origin(said: str) -> None:
    url = f"https://a.example/answers/{said}"
    assert permitted(url, origins=frozenset({"https://a.example"}), listed=True) is Reach.REFUSED


def test_dots_that_lead_nowhere_else_are_good() -> None:
    for said in ("a..b", "...", ".a", "v1.2/", "a?b=/../c"):
        url = f"https://a.example/answers/{said}"
        assert permitted(url, origins=frozenset({"https://a.example"}), listed=True) is Reach.LISTED


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_time_gets_it(status: int) -> None:
    asked = Response(status=status, headers={"retry-after": "40"})
    assert judge(Request(what="callback"), asked) == Verdict(
        outcome=Outcome.AGAIN, after=40.0, reason=f"it answered {status}"
    )


def test_what_came_of_a_request_is_not_said_twice() -> None:
    lost = Response(arrived=False, problem="it could not be connected to")
    verdict = Verdict(outcome=Outcome.AGAIN, reason=lost.problem)
    assert words_of(verdict, lost) == "again: it could not be connected to"
