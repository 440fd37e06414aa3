import json
import time
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import count
from typing import Any

import pytest

from relay import answer, deliveries
from relay.bell import ThreadBell
from relay.call import Call, Interface
from relay.errors import ServiceApiUnusable
from relay.event import Event
from relay.host import Host
from relay.later.ledger import Ledger
from relay.outward import Request as Sent
from relay.outward import Response, Started
from relay.run.dify import StorageFailed
from relay.run.records import Kind, Records
from tests.relay.keyed import KEYED, App, Dify
from tests.relay.later.desks import Scripted
from tests.relay.scripts import FORM, Script, Workspace, keyed, saying
from tests.requests import request

SAID = [
    {"event": "message", "answer": "Quack.", "conversation_id": "c", "message_id": "m"},
    {"event": "message_end", "conversation_id": "c", "message_id": "m"},
]
TELEGRAM = {
    "access": "signature",
    "webhook": "telegram",
    "webhook_secret": "quack-quack-quack",
    "reply": "sender",
    "bot_token": "123456:ABC",
    "app": {"app_id": "app"},
}
CUT = Exception("invoke app failed: context canceled")
ENDPOINTS = count()


class Relay:
    """A plugin's process whose own address does what the test says."""

    def __init__(self, script: Script, settings: Mapping[str, Any] | None = None, *, hurries: bool = True) -> None:
        self.dify = Workspace(script)
        self.dify.endpoint_id = f"endpoint {next(ENDPOINTS)}"  # what a process shares must not be another test's
        self.own = Scripted()
        self.posted: list[dict[str, Any]] = []
        self.statuses: list[int] = []  # with which callbacks are answered; then 200
        self.settings = {"api_key": "quack", "relay_url": "https://relay.example/e/hook", **(settings or {})}
        self.now = 0.0  # is added to the time
        self.host = Host(
            clock=lambda: 1_800_000_000.0 + self.now,
            elapsed=lambda: self.now,
            bell=self._bell if hurries else ThreadBell,
            post=lambda _: self._post,
            own=self.own,
        )

    def _bell(self) -> "Hurrying":
        return Hurrying(self)

    def _post(self, request: Sent, *, base: str = "", public: bool = False) -> Response:
        self.posted.append(dict(request.body or json.loads(request.content)))
        status = self.statuses.pop(0) if self.statuses else 200
        return Response(status=status, body={"ok": True, "result": {"message_id": len(self.posted)}})

    def call(self, **headers: str) -> Any:
        given = keyed({"query": "hi", "response_mode": "later"}, dify_hook_id="hook", **headers)
        return answer.respond(
            given, {"app_id": "app"}, self.settings, interface=Interface.ANY, dify=self.dify, host=self.host
        )

    def hear(self, text: str) -> str:
        """Take what a person writes to a Telegram bot, and give the delivery."""
        message = {"message_id": 1, "from": {"id": 7}, "chat": {"id": 7, "type": "private"}, "text": text}
        given = request(
            method="POST",
            json={"update_id": 1, "message": message},
            headers={"X-Telegram-Bot-Api-Secret-Token": TELEGRAM["webhook_secret"], "Dify-Hook-Id": "hook"},
        )
        told = answer.respond(given, {}, self.settings, interface=Interface.ANY, dify=self.dify, host=self.host)
        assert told.status_code == 200, told.get_data()
        return self.ledger().latest()[0].id

    def ask(self, path: str, method: str = "POST", **headers: str) -> Any:
        given = {"Dify-Hook-Id": "hook", "X-API-Key": "quack", **headers}
        values = {"delivery_id": path.split("/")[2]} if path.count("/") > 1 else {}
        told = deliveries.respond(
            request(path, method=method, headers=given), values, self.settings, dify=self.dify, host=self.host
        )
        told.get_data()
        return told

    def run(self, id_: str) -> None:
        self.ask(f"/deliveries/{id_}/run", **{"X-Duck-Run": self.own.runs(id_)[-1]})

    def ledger(self) -> Ledger:
        def records(kind: Kind) -> Records:
            return Records(
                self.dify.storage,
                endpoint_id=self.dify.endpoint_id,
                kind=kind,
                clock=self.host.clock,
                settle=lambda: None,
            )

        return Ledger(records)

    def accepted_callback(self) -> str:
        """Accept a delivery that names no id, as its owner finds it."""
        self.call()
        return self.ledger().latest()[0].id

    def accepted(self) -> str:
        told: dict[str, str] = json.loads(self.call().get_data())
        return told["delivery_id"]

    def ended(self, id_: str) -> tuple[str, str, str]:
        """Give where a delivery stands, why it failed, and its answer."""
        told = json.loads(self.ask(f"/deliveries/{id_}", "GET").get_data())
        return told["state"], (told["error"] or {"code": ""})["code"], told["answer"]


class Hurrying(ThreadBell):
    """A bell by which the time passes at once."""

    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self._relay = relay

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.005))
        self._relay.now += seconds


def test_a_later_call_runs_once_and_keeps_its_answer() -> None:
    relay = Relay(saying(SAID))
    id_ = relay.accepted()
    relay.run(id_)
    assert relay.ended(id_) == ("done", "", "Quack.")


def test_a_storage_that_fails_while_a_run_is_taken_does_not_lose_the_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relay = Relay(saying(SAID))
    id_ = relay.accepted()
    storage, read = relay.dify.storage, relay.dify.storage.get

    def settle() -> None:
        storage.broken.add("get")

    def get(key: str) -> bytes | None:
        try:
            return read(key)
        finally:
            storage.broken.discard("get")

    monkeypatch.setattr("relay.later.work.settle", settle)
    monkeypatch.setattr(storage, "get", get)
    relay.run(id_)
    assert relay.ended(id_) == ("done", "", "Quack.")


def test_a_run_that_is_cut_off_is_taken_up_again() -> None:
    cuts = [CUT]

    def script(_: Call) -> Iterator[Event]:
        if cuts:
            raise cuts.pop()
        yield from SAID

    relay = Relay(script)
    id_ = relay.accepted()
    relay.run(id_)
    relay.own.end(relay.own.runs(id_)[-1], whole=True)
    relay.now += 100
    relay.own.pass_()
    assert len(relay.own.runs(id_)) == 2
    relay.run(id_)
    assert relay.ended(id_) == ("done", "", "Quack.")


def test_whoever_reads_a_delivery_is_told_which_setting_let_it_fail_and_a_person_is_not() -> None:
    relay = Relay(saying([], ServiceApiUnusable("app_keys: Dify refuses the key of this app")), TELEGRAM)
    id_ = relay.hear("Quack?")
    relay.run(id_)
    told = json.loads(relay.ask(f"/deliveries/{id_}", "GET").get_data())["error"]
    assert told["code"] == "app_unavailable"
    assert told["message"] == "Dify's Service API can't run this app: app_keys: Dify refuses the key of this app."
    assert [sent["text"] for sent in relay.posted if "text" in sent][-1] == (
        f"Sorry, that did not work: the app could not answer. ({id_})"
    )


def test_by_a_session_that_lasts_a_call_still_goes_the_way_that_its_own_settings_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relay, lasting = Relay(saying(SAID)), []
    app = App(told={"parameters": FORM})
    relay.dify = dify = Dify(pond=app)
    dify.endpoint_id = f"endpoint {next(ENDPOINTS)}"
    start = relay.own.start

    def admit(base: str, id_: str, token: str, **options: Any) -> Started:
        sent = request(f"/deliveries/{id_}/run", method="POST", headers={"X-Duck-Run": token})
        told = deliveries.respond(sent, {"delivery_id": id_}, relay.settings, dify=relay.dify, host=relay.host)
        lasting.append(told.status_code)
        return start(base, id_, token, **options)

    monkeypatch.setattr(relay.own, "start", admit)
    for name, settings in [("a.txt", {}), ("b.txt", KEYED)]:
        relay.settings = {**relay.settings, **settings}
        sent = request(
            "/duck/app",
            method="POST",
            data={"query": "hi", "response_mode": "later", "doc": (BytesIO(b"quack"), name)},
            headers={"X-API-Key": "quack", "Dify-Hook-Id": "hook"},
        )
        told = answer.respond(
            sent, {"app_id": "app"}, relay.settings, interface=Interface.ANY, dify=relay.dify, host=relay.host
        )
        assert told.status_code == 202, told.get_data()
    assert lasting[0] == 200
    assert (dify.uploaded, app.uploaded) == (["a.txt"], ["None's b.txt"])


def test_a_delivery_that_is_cancelled_before_its_turn_runs_no_app() -> None:
    relay = Relay(saying(SAID))
    id_ = relay.accepted()
    ledger_of = relay.ledger()
    account = ledger_of.find(id_)
    assert account
    ledger_of.cancel(account)
    relay.run(id_)
    assert (relay.dify.calls, relay.ended(id_)[:2]) == ([], ("failed", "cancelled"))


CALLBACK = {"reply": "callback", "callback_url": "https://there.example/"}


def test_an_answer_that_may_not_be_told_any_more_has_failed_and_is_kept() -> None:
    relay = Relay(saying(SAID), CALLBACK)
    relay.statuses = [503, 503]  # after 5 s, and then it is left to a request of its own
    id_ = relay.accepted_callback()
    relay.run(id_)
    relay.settings["callback_url"] = "http://inside.example/"
    relay.settings["access"] = "public"
    relay.own.pass_()
    relay.run(id_)
    assert (len(relay.posted), relay.ended(id_)) == (2, ("failed", "reply_failed", "Quack."))


def test_an_answer_that_was_too_large_to_be_kept_is_not_told_as_a_failure() -> None:
    huge = "x" * 300_000
    relay = Relay(saying([{**SAID[0], "answer": huge}, SAID[1]]), CALLBACK)
    relay.statuses = [503, 503]
    id_ = relay.accepted_callback()
    relay.run(id_)
    relay.own.pass_()
    relay.run(id_)
    assert [told.get("answer") == huge for told in relay.posted] == [True, True]
    assert relay.ended(id_)[:2] == ("failed", "reply_failed")


def test_while_a_delivery_runs_in_its_senders_request_the_same_one_does_not_run_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.later.accept.RENEW", 0.01, raising=False)
    relays: list[Relay] = []
    statuses: list[int] = []

    def script(_: Call) -> Iterator[Event]:
        relay = relays[0]
        if len(relay.dify.calls) == 1:
            for _step in range(4):
                time.sleep(0.05)  # the lease is renewed meanwhile
                relay.now += 10
            statuses.append(relay.call(idempotency_key="k").status_code)
        yield from SAID

    relay = Relay(script, hurries=False)
    relays.append(relay)
    relay.own.answers = [Started.UNREACHABLE]
    statuses.append(relay.call(idempotency_key="k").status_code)
    assert (statuses, len(relay.dify.calls)) == ([409, 202], 1)


def test_of_two_redeliveries_at_the_same_moment_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay(saying(SAID))
    id_ = relay.accepted()
    relay.run(id_)
    relay.own.end(relay.own.runs(id_)[-1])
    storage, read, statuses = relay.dify.storage, relay.dify.storage.get, list[int]()

    def get(key: str) -> bytes | None:
        if key.startswith("plans-"):
            monkeypatch.setattr(storage, "get", read)
            statuses.append(relay.ask(f"/deliveries/{id_}/redeliver").status_code)
        return read(key)

    monkeypatch.setattr(storage, "get", get)
    statuses.append(relay.ask(f"/deliveries/{id_}/redeliver").status_code)
    assert (statuses, len(relay.own.runs(id_))) == ([409, 202], 2)
    relay.run(id_)
    assert (len(relay.dify.calls), relay.ended(id_)) == (2, ("done", "", "Quack."))


def test_a_delivery_that_its_senders_request_can_not_begin_is_not_begun_beside_the_next_try() -> None:
    relay = Relay(saying(SAID))
    relay.own.answers = [Started.UNREACHABLE]
    storage, write = relay.dify.storage, relay.dify.storage.set

    def broken(key: str, value: bytes) -> None:
        if relay.own.started and key.startswith("accounts-"):
            raise StorageFailed
        write(key, value)

    storage.set = broken  # type: ignore[method-assign]
    first = relay.call(idempotency_key="k").status_code
    storage.set = write  # type: ignore[method-assign]
    relay.now += 100
    second = relay.call(idempotency_key="k").status_code
    relay.ask("/deliveries", "GET")
    relay.own.pass_()
    assert (first, second, len(relay.ledger().latest())) == (503, 202, 1)


def test_of_an_answer_that_is_too_large_for_a_chat_the_beginning_is_told() -> None:
    relay = Relay(saying([{**SAID[0], "answer": "word " * 60_000}, SAID[1]]), TELEGRAM)
    id_ = relay.hear("hi")
    relay.run(id_)
    told = [sent["text"] for sent in relay.posted if "text" in sent]
    assert (relay.ended(id_)[:2], len(" ".join(told)) // 1024, told[-1][-1]) == (("done", ""), 256, "…")


def test_a_request_that_was_frozen_leaves_the_delivery_to_the_one_that_took_it_over() -> None:
    relays: list[Relay] = []

    def script(_: Call) -> Iterator[Event]:
        yield SAID[0]
        relay = relays[0]
        account = relay.ledger().latest()[0]
        account.mark, account.text = "another's", "Another's."
        relay.now += 60
        account.alive = relay.host.clock() + 25
        relay.ledger().save(account)
        yield SAID[1]

    relay = Relay(script, TELEGRAM, hurries=False)
    relays.append(relay)
    id_ = relay.hear("hi")
    relay.run(id_)
    kept = relay.ledger().find(id_)
    assert kept
    assert (kept.mark, kept.text, relay.ended(id_)[0]) == ("another's", "Another's.", "running")
    assert [sent for sent in relay.posted if "text" in sent] == []
