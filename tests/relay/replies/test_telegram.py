from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.telegram import CHANNEL, plain
from relay.texts.measure import utf16
from tests.relay.replies.hostile import HOSTILE

PRIVATE_RUNG, GROUP_RUNG, ANEW = CHANNEL.rungs
PRIVATE = Target(to={"chat_id": 42}, token="123456:AA-b_C")
GROUP = replace(PRIVATE, to={"chat_id": -100, "message_id": 5})
TOPIC = replace(PRIVATE, to={"chat_id": -100, "message_thread_id": 3, "message_id": 5})
BUSINESS = replace(PRIVATE, to={"chat_id": 42, "business_connection_id": "b1"})
FIRST = Piece(text="<b>quack</b> &lt;3")
SECOND = Piece(text="quack", number=1)
UNSEEN = {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
ANSWERED = {"reply_parameters": {"message_id": 5, "allow_sending_without_reply": True}}


@pytest.mark.parametrize(
    ("target", "piece", "body"),
    [
        (PRIVATE, FIRST, {"chat_id": 42, "text": "<b>quack</b> &lt;3", **UNSEEN}),
        (GROUP, FIRST, {"chat_id": -100, "text": "<b>quack</b> &lt;3", **UNSEEN, **ANSWERED}),
        (GROUP, SECOND, {"chat_id": -100, "text": "quack", **UNSEEN}),
        (TOPIC, SECOND, {"chat_id": -100, "message_thread_id": 3, "text": "quack", **UNSEEN}),
        (BUSINESS, SECOND, {"chat_id": 42, "business_connection_id": "b1", "text": "quack", **UNSEEN}),
        (
            PRIVATE,
            Piece(text="2 &lt; 3 &amp;amp; &lt;b&gt;", plain=True),
            {"chat_id": 42, "text": "2 < 3 &amp; <b>", "link_preview_options": {"is_disabled": True}},
        ),
    ],
    ids=["to one", "in a group", "the second in a group", "in a topic", "for a business", "plain"],
)
def test_a_message_is_sent_to_where_the_question_was_asked(target: Target, piece: Piece, body: Any) -> None:
    sent = Request(what="post", path="/bot123456:AA-b_C/sendMessage", body=body)
    assert [rung.post(target, [piece]) for rung in CHANNEL.rungs] == [sent] * 3


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (PRIVATE, {"chat_id": 42}),
        (TOPIC, {"chat_id": -100}),
        (BUSINESS, {"chat_id": 42, "business_connection_id": "b1"}),
    ],
    ids=["to one", "in a topic", "for a business"],
)
def test_the_message_grows(target: Target, body: Any) -> None:
    sent = {**body, "message_id": 9, "text": "quack", **UNSEEN}
    assert PRIVATE_RUNG.edit
    assert PRIVATE_RUNG.edit(target, "9", SECOND) == Request(
        what="edit", path="/bot123456:AA-b_C/editMessageText", body=sent, repeatable=True
    )
    assert PRIVATE_RUNG.edit == GROUP_RUNG.edit


@pytest.mark.parametrize(
    ("target", "usable"), [(PRIVATE, [True, False, True]), (GROUP, [False, True, True])], ids=["to one", "in a group"]
)
def test_groups_are_written_to_less_often(target: Target, usable: list[bool]) -> None:
    assert [rung.usable(target, 0.0) for rung in CHANNEL.rungs] == usable
    assert (PRIVATE_RUNG.pace, GROUP_RUNG.pace, ANEW.edit) == (1.0, 3.0, None)


@pytest.mark.parametrize(
    ("target", "body"),
    [(PRIVATE, {"chat_id": 42}), (TOPIC, {"chat_id": -100, "message_thread_id": 3})],
    ids=["to one", "in a topic"],
)
def test_the_bot_is_seen_to_type(target: Target, body: Any) -> None:
    sent = {**body, "action": "typing"}
    request = Request(what="typing", path="/bot123456:AA-b_C/sendChatAction", body=sent, repeatable=True)
    assert CHANNEL.sign(target) == request


@pytest.mark.parametrize("value", HOSTILE)
def test_a_payload_leads_nowhere_else(value: Any) -> None:
    for name in ("chat_id", "message_thread_id", "message_id"):
        with pytest.raises(NoPlace):
            GROUP_RUNG.post(replace(GROUP, to={**TOPIC.to, name: value}), [FIRST])


def test_no_chat_is_no_place() -> None:
    with pytest.raises(NoPlace):
        PRIVATE_RUNG.post(replace(PRIVATE, to={}), [FIRST])


@pytest.mark.parametrize(
    "token", [*filter(lambda value: isinstance(value, str), HOSTILE), "123456:a/../b", "abc:def"]
)
def test_a_token_of_another_shape_is_sent_nowhere(token: str) -> None:
    target = replace(PRIVATE, token=token)
    with pytest.raises(NoPlace):
        PRIVATE_RUNG.post(target, [FIRST])
    assert CHANNEL.check(target) is None
    wrong = "bot_token is no token of a Telegram bot: 123456:ABC…" if token else "bot_token is not set"
    assert CHANNEL.needs(target) == wrong


def refused(description: str, status: int = 400, **more: Any) -> Response:
    return Response(status=status, body={"ok": False, "error_code": status, "description": description, **more})


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(status=200, body={"ok": True, "result": {"message_id": 9}}), Verdict(outcome=Outcome.DONE)),
        (Response(status=200), Verdict(outcome=Outcome.NEVER, reason="the API's answer is not Telegram's")),
        (
            Response(status=200, body={"ok": False}),
            Verdict(outcome=Outcome.NEVER, reason="the API's answer is not Telegram's"),
        ),
        (
            refused("Bad Request: message is not modified: specified new message content is the same"),
            Verdict(outcome=Outcome.DONE),
        ),
        (
            refused("Bad Request: can't parse entities: Can't find end tag corresponding to start tag b"),
            Verdict(outcome=Outcome.PLAIN, reason="the formatting is refused"),
        ),
        (
            refused("Bad Request: message to edit not found"),
            Verdict(outcome=Outcome.NEXT, reason="the message is gone"),
        ),
        (
            refused("Bad Request: message can't be edited"),
            Verdict(outcome=Outcome.NEXT, reason="the message can't be edited"),
        ),
        (refused("Bad Request: MESSAGE_ID_INVALID"), Verdict(outcome=Outcome.NEXT, reason="the message is gone")),
        (refused("Bad Request: chat not found"), Verdict(outcome=Outcome.NEVER, reason="the chat is gone")),
        (
            refused("Bad Request: message thread not found"),
            Verdict(outcome=Outcome.NEVER, reason="the topic is gone"),
        ),
        (
            refused("Bad Request: group chat was upgraded", parameters={"migrate_to_chat_id": -1001}),
            Verdict(outcome=Outcome.NEVER, reason="the group has become a supergroup with another id"),
        ),
        (
            refused("Too Many Requests: retry after 7", 429, parameters={"retry_after": 7}),
            Verdict(outcome=Outcome.AGAIN, after=7.0, reason="asked to slow down (429)"),
        ),
        (
            refused("Too Many Requests", 429, parameters={"retry_after": -7}),
            Verdict(outcome=Outcome.AGAIN, reason="asked to slow down (429)"),
        ),
        (
            refused("Forbidden: bot was blocked by the user", 403),
            Verdict(outcome=Outcome.NEVER, reason="the bot may not write there (403)"),
        ),
        (refused("Unauthorized", 401), Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (401)")),
        (refused("Not Found", 404), Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (404)")),
        (
            refused("Bad Request: <b>anything</b>"),
            Verdict(outcome=Outcome.NEVER, reason="the API refused it (400)"),
        ),
        (Response(status=500), Verdict(outcome=Outcome.AGAIN, reason="the API failed (500)")),
        (Response(), Verdict(outcome=Outcome.AGAIN, reason="nothing came back")),
    ],
)
def test_what_a_response_means(response: Response, verdict: Verdict) -> None:
    assert CHANNEL.judge(Request(what="post"), response) == verdict


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"ok": True, "result": {"message_id": 9}}, "9"),
        ({"ok": True, "result": {"message_id": "9"}}, ""),
        ({"ok": True, "result": True}, ""),
        (None, ""),
    ],
)
def test_a_message_is_known_by_its_number(body: Any, message: str) -> None:
    assert PRIVATE_RUNG.posted(Response(status=200, body=body)) == message


def test_a_text_without_formatting_is_counted_and_sent_as_it_is() -> None:
    text = "2 < 3 && <b>bold</b> &lt; 🦆"
    written = plain(f"`{text}`")
    body = PRIVATE_RUNG.post(PRIVATE, [Piece(text=written, plain=True)]).body
    assert body
    assert body["text"] == text
    assert PRIVATE_RUNG.measure(written) == utf16(text)


def test_the_bots_token_can_be_tried() -> None:
    request = Request(what="check", method="GET", path="/bot123456:AA-b_C/getMe", repeatable=True)
    assert CHANNEL.check(PRIVATE) == request
    assert CHANNEL.checked(Response(status=200, body={"ok": True, "result": {"id": 123456}})) == ""
    assert CHANNEL.checked(refused("Unauthorized", 401)) == "bot_token is refused (401)"
    assert CHANNEL.checked(refused("Not Found", 404)) == "bot_token is refused (404)"
    assert CHANNEL.needs(PRIVATE) == ""
