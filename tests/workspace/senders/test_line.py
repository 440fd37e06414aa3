"""What LINE's stand-in takes and refuses."""

import uuid
from typing import Any

import pytest

from tests.workspace.senders.conftest import NOW, Call, Clock, caller
from workspace.senders import handles
from workspace.senders.line import Line
from workspace.testing import Workspace

ADA = "U" + "a" * 32


@pytest.fixture
def line(clock: Clock) -> Line:
    return Line(clock)


@pytest.fixture
def call(line: Line) -> Call:
    return caller(line, authorization="Bearer line-quack")


@pytest.fixture
def sdk() -> Any:
    """LINE's own, which ships half of its types. It takes a second and a half of whoever imports it."""
    from linebot.v3 import messaging  # noqa: PLC0415

    return messaging


def handle(now: float = NOW) -> str:
    return handles.issue("line", place=ADA, user=ADA, now=now)


def texts(*said: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text} for text in said]


def test_the_vendors_client_replies_pushes_and_shows_that_it_loads(duck_workspace: Workspace, sdk: Any) -> None:
    sender = duck_workspace.sender("line")
    sender.clear()
    with sdk.ApiClient(sdk.Configuration(host=sender.base, access_token=sender.token)) as client:
        api = sdk.MessagingApi(client)
        assert api.get_bot_info().display_name == "Duck"
        api.show_loading_animation(sdk.ShowLoadingAnimationRequest(chatId=ADA, loadingSeconds=5))
        assert sender.status(ADA) == ["…"]
        said = [sdk.TextMessage(text="Quack"), sdk.TextMessage(text="quack")]
        token = handles.issue("line", place=ADA, user=ADA, now=9e9)
        api.reply_message(sdk.ReplyMessageRequest(replyToken=token, messages=said))
        key = str(uuid.uuid4())
        api.push_message(sdk.PushMessageRequest(to=ADA, messages=said[:1]), x_line_retry_key=key)
        with pytest.raises(sdk.ApiException) as known:
            api.push_message(sdk.PushMessageRequest(to=ADA, messages=said[:1]), x_line_retry_key=key)
    assert known.value.status == 409
    assert uuid.UUID(known.value.headers["x-line-accepted-request-id"])
    assert sender.answers(ADA) == ["Quack", "quack", "Quack"]
    assert sender.status(ADA) == []


def test_a_reply_token_is_good_once_and_for_a_minute(call: Call, clock: Clock) -> None:
    token, other = handle(), handle()
    body = {"replyToken": token, "messages": texts("x")}
    assert call("POST /message/reply", body).status == 200
    assert call("POST /message/reply", body).body == {"message": "Invalid reply token"}
    clock.now += 61
    assert call("POST /message/reply", {**body, "replyToken": other}).status == 400
    assert call("POST /message/reply", {**body, "replyToken": "made-up"}).status == 400


@pytest.mark.parametrize(
    ("messages", "place"),
    [
        ([], "messages"),
        (texts(*"123456"), "messages"),
        (texts("x", ""), "messages[1].text"),
        (texts("x" * 5001), "messages[0].text"),
        (texts("🦆" * 2501), "messages[0].text"),
        ([{"type": "markdown", "text": "x"}], "messages[0].type"),
        (["x"], "messages[0]"),
    ],
)
def test_messages_that_are_not_as_line_describes_them_are_refused(
    call: Call, messages: list[Any], place: str
) -> None:
    answer = call("POST /message/push", {"to": ADA, "messages": messages})
    assert (answer.status, answer.body["message"]) == (400, "The request body has 1 error(s)")
    assert [detail["property"] for detail in answer.body["details"]] == [place]


def test_the_longest_text_is_counted_in_utf_16(call: Call) -> None:
    assert call("POST /message/push", {"to": ADA, "messages": texts("🦆" * 2500)}).status == 200


def test_a_retry_key_is_known_for_a_day_and_sends_once(call: Call, clock: Clock, line: Line) -> None:
    push = {"to": ADA, "messages": texts("x")}
    key = {"x_line_retry_key": "123e4567-e89b-12d3-a456-426614174000"}
    first, second = (call("POST /message/push", push, **key) for _ in range(2))
    assert (first.status, second.status) == (200, 409)
    assert second.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    assert call("POST /message/push", push, x_line_retry_key="1").status == 400
    assert call("POST /message/reply", {"replyToken": handle(), "messages": texts("x")}, **key).status == 400
    clock.now += 24 * 3600
    assert call("POST /message/push", push, **key).status == 200
    assert (len(line.chat.messages), line.pushes) == (2, 2)


def test_only_a_person_sees_that_it_loads_and_only_in_steps_of_five_seconds(call: Call) -> None:
    def load(**body: Any) -> int:
        return call("POST /chat/loading/start", body).status

    assert load(chatId=ADA, loadingSeconds=60) == 202
    assert [load(chatId=ADA, loadingSeconds=seconds) for seconds in (0, 7, 65)] == [400] * 3
    assert load(chatId="C" + "a" * 32) == 400


def test_a_wrong_token_is_refused(line: Line) -> None:
    answer = caller(line, authorization="Bearer line-expired")("GET /info")
    assert answer.status == 401
    assert answer.body["message"].startswith("Authentication failed")
