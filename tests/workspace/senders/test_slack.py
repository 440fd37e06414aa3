"""What Slack's stand-in takes and refuses."""

from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError

from tests.workspace.senders.conftest import NOW, Call, Clock, caller
from workspace.senders import handles
from workspace.senders.slack import Slack
from workspace.testing import Sender, Workspace

THREAD = {"channel": "C0POND", "thread_ts": "1.5"}
FOR = {"recipient_team_id": "T0POND", "recipient_user_id": "U0ADA"}


@pytest.fixture
def slack(clock: Clock) -> Slack:
    return Slack(clock)


@pytest.fixture
def call(slack: Slack) -> Call:
    return caller(slack, authorization="Bearer xoxb-quack")


def error(call: Call, method: str, **body: Any) -> str:
    answer = call(f"POST /{method}", body)
    assert answer.status == 200
    return str(answer.body.get("error", "none"))


def in_thread(sender: Sender) -> list[dict[str, Any]]:
    return [message for message in sender.chat("C0POND") if message["thread"] == "1.5"]


def test_the_vendors_client_posts_edits_streams_and_says_that_it_thinks(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("slack")
    sender.clear()
    client = WebClient(token=sender.token, base_url=f"{sender.base}/")
    assert client.auth_test()["user_id"] == "U0DUCKBOT"
    client.assistant_threads_setStatus(channel_id="C0POND", thread_ts="1.5", status="thinks")
    assert sender.status("C0POND") == ["thinks"]
    stream = client.chat_stream(**THREAD, **FOR, buffer_size=1)
    for word in ("Qu", "a", "ck"):
        stream.append(markdown_text=word)
    assert sender.status("C0POND") == []
    assert [message["streaming"] for message in in_thread(sender)] == [True]
    stream.stop(markdown_text="!")
    posted = client.chat_postMessage(channel="C0POND", thread_ts="1.5", text="hello")
    client.chat_update(channel="C0POND", ts=posted["ts"], markdown_text="**hello**")
    assert [(m["thread"], m["text"], m["dialect"], m["streaming"]) for m in in_thread(sender)] == [
        ("1.5", "Quack!", "markdown", False),
        ("1.5", "**hello**", "markdown", False),
    ]
    assert [request["ignored"] for request in sender.requests()] == [[]] * len(sender.requests())
    with pytest.raises(SlackApiError) as refused:
        WebClient(token="xoxb-other", base_url=f"{sender.base}/").auth_test()
    assert refused.value.response["error"] == "invalid_auth"


def test_the_vendors_client_posts_to_a_response_url(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("slack")
    sender.clear()
    handle = handles.issue("slack", place="C0POND", user="U0ADA", now=9e9)
    answer = WebhookClient(f"{sender.base}/commands/T0POND/1/{handle}").send(text="quack", response_type="in_channel")
    assert (answer.status_code, answer.body) == (200, "ok")
    assert [(message["text"], message["ephemeral"]) for message in sender.chat("C0POND")] == [("quack", False)]


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("chat.postMessage", {"channel": "C0POND"}, "no_text"),
        ("chat.postMessage", {"channel": "pond", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0POND", "text": 1}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0POND", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0POND", "markdown_text": "x", "text": "x"}, "markdown_text_conflict"),
        (
            "chat.postMessage",
            {"channel": "C0POND", "blocks": [{"type": "markdown", "text": "x" * 6001}] * 2},
            "msg_blocks_too_long",
        ),
        (
            "chat.postMessage",
            {"channel": "C0POND", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]},
            "invalid_blocks",
        ),
        ("chat.update", {"channel": "C0POND", "ts": "1.5", "text": "x"}, "message_not_found"),
        ("chat.startStream", THREAD, "missing_recipient_user_id"),
        ("chat.startStream", {**FOR, "channel": "C0POND"}, "invalid_arguments"),
        ("chat.appendStream", {"channel": "C0POND", "ts": "1.5", "markdown_text": "x"}, "message_not_found"),
        (
            "assistant.threads.setStatus",
            {"channel_id": "C0POND", "thread_ts": "1.5", "status": "x", "loading_messages": ["x"] * 11},
            "invalid_arguments",
        ),
        ("chat.poke", {}, "unknown_method"),
    ],
)
def test_what_slack_refuses_it_refuses(call: Call, method: str, body: Mapping[str, Any], code: str) -> None:
    assert error(call, method, **body) == code


def test_a_token_has_to_be_the_right_one(slack: Slack) -> None:
    tokens = {"": "not_authed", "Bearer xoxb-expired": "token_expired", "Bearer x": "invalid_auth"}
    assert {token: caller(slack, authorization=token)("POST /auth.test").body["error"] for token in tokens} == tokens


def test_a_stream_ends_when_it_is_stopped_when_it_pauses_and_when_it_is_old(call: Call, clock: Clock) -> None:
    def start() -> dict[str, Any]:
        return {"channel": "C0POND", "ts": call("POST /chat.startStream", {**THREAD, **FOR}).body["ts"]}

    stopped = start()
    assert error(call, "chat.update", **stopped, text="x") == "streaming_state_conflict"
    assert error(call, "chat.appendStream", **stopped, markdown_text="x" * 12_000) == "none"
    assert error(call, "chat.appendStream", **stopped, markdown_text="x") == "msg_too_long"
    assert error(call, "chat.stopStream", **stopped) == "none"
    assert error(call, "chat.appendStream", **stopped, markdown_text="x") == "message_not_in_streaming_state"
    assert error(call, "chat.update", **stopped, text="x") == "none"
    paused = start()
    clock.now += 31
    assert error(call, "chat.appendStream", **paused, markdown_text="x") == "message_not_in_streaming_state"
    old = start()
    for _ in range(15):
        clock.now += 20
        assert error(call, "chat.appendStream", **old, markdown_text="x") == "none"
    clock.now += 20
    assert error(call, "chat.stopStream", **old) == "message_not_in_streaming_state"


def test_a_status_goes_with_a_message_or_by_itself(call: Call, slack: Slack, clock: Clock) -> None:
    asked = {"channel_id": "C0POND", "thread_ts": "1.5", "status": "thinks"}
    call("POST /assistant.threads.setStatus", asked)
    call("POST /chat.postMessage", {**THREAD, "text": "x"})
    assert list(slack.chat.alive(NOW)) == []
    call("POST /assistant.threads.setStatus", asked)
    assert [status.text for status in slack.chat.alive(NOW + 119)] == ["thinks"]
    assert list(slack.chat.alive(NOW + 121)) == []


def test_a_response_url_is_good_five_times_and_half_an_hour(call: Call, clock: Clock) -> None:
    def address() -> str:
        return f"POST /commands/T0POND/1/{handles.issue('slack', place='C0POND', user='U0ADA', now=clock.now)}"

    one, other = address(), address()
    answers = [call(one, {"text": "x"}) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [404]
    assert answers[5].body["error"] == "used_url"
    clock.now += 1801
    assert call(other, {"text": "x"}).body["error"] == "expired_url"
    assert call("POST /commands/T0POND/1/made-up", {"text": "x"}).body["error"] == "invalid_url"


def test_a_second_message_within_a_second_is_too_many_where_rates_are_kept(call: Call, slack: Slack) -> None:
    slack.faults.rates = True
    answers = [call("POST /chat.postMessage", {**THREAD, "text": "x"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert answers[1].headers == {"Retry-After": "1"}
