from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Target, Verdict
from relay.replies.saying import Saying
from relay.replies.slack import CHANNEL
from relay.replies.slack_verdicts import judge
from relay.replies.table import CHANNELS
from relay.senders import SCHEMES, Preset
from tests.relay.replies.room import LOST, carry
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.slack import COMMAND_FORM, DIRECT, MENTION

HOOK = "https://hooks.slack.com/commands/T1/2/abc"
AS_BOT = {"Authorization": "Bearer xoxb-1"}
PLACE = {"channel": "C1", "thread_ts": "1.5"}
MESSAGE = {"unfurl_links": False, "unfurl_media": False}


def target(delivery: Any = None, **changes: Any) -> Target:
    read = SCHEMES["slack"].preset(delivery or posted(MENTION))
    assert isinstance(read, Preset)
    assert read.to
    return replace(Target(to=read.to, handle=read.handle, token="xoxb-1", received=1000), **changes)


class Slack:
    """Answers each call with ok, unless a script says otherwise."""

    def __init__(self, *script: Response | str) -> None:
        self.script = list(script)
        self.calls: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.calls.append(request)
        told = self.script.pop(0) if self.script else ""
        if isinstance(told, Response):
            return told
        return refused(told) if told else Response(status=200, body={"ok": True, "ts": f"{len(self.calls)}.0"})

    @property
    def told(self) -> list[tuple[str, Any]]:
        return [(call.path or call.url, call.body) for call in self.calls]


def refused(error: str, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body={"ok": False, "error": error})


def say(slack: Any, texts: Iterable[str], where: Target | None = None) -> Saying:
    return carry(slack, Saying(CHANNEL, where or target(), now=0), texts)


def test_slack_is_found_by_its_name() -> None:
    assert CHANNELS["slack"]({}) is CHANNEL


def test_an_answer_streams_into_the_thread_of_its_question() -> None:
    slack = Slack()
    assert say(slack, ["", "**Qu", "**Quack**", "**Quack**"]).finished
    recipient = {"recipient_team_id": "T1", "recipient_user_id": "U1"}
    assert slack.told == [
        ("/assistant.threads.setStatus", {"channel_id": "C1", "thread_ts": "1.5", "status": "is thinking…"}),
        ("/chat.startStream", {**PLACE, **recipient, "markdown_text": "**Qu"}),
        ("/chat.appendStream", {"channel": "C1", "ts": "2.0", "markdown_text": "ack**"}),
        ("/chat.stopStream", {"channel": "C1", "ts": "2.0"}),
    ]
    assert {call.headers["Authorization"] for call in slack.calls} == {"Bearer xoxb-1"}


def test_a_thread_that_the_question_stands_in_is_gone_on_with() -> None:
    slack = Slack()
    assert say(
        slack, ["Quack."], target(posted({**MENTION, "event": {**MENTION["event"], "thread_ts": "1.0"}}))
    ).finished
    assert slack.told == [
        ("/chat.postMessage", {"channel": "C1", "thread_ts": "1.0", "markdown_text": "Quack.", **MESSAGE})
    ]


def test_a_direct_message_is_answered_beside_it_and_its_status_is_taken_back() -> None:
    slack = Slack()
    assert say(slack, ["", "Qu", "Quack.", "Quack.", "Quack."], target(posted(DIRECT))).finished
    status = {"channel_id": "D1", "thread_ts": "2.5"}
    assert slack.told == [
        ("/assistant.threads.setStatus", {**status, "status": "is thinking…"}),
        ("/chat.postMessage", {"channel": "D1", "markdown_text": "Qu", **MESSAGE}),
        ("/chat.update", {"channel": "D1", "ts": "2.0", "markdown_text": "Quack."}),
        ("/assistant.threads.setStatus", {**status, "status": ""}),
    ]


@pytest.mark.parametrize(
    "error", ["missing_scope", "unknown_method", "not_allowed_token_type", "channel_type_not_supported"]
)
def test_where_nothing_can_be_streamed_a_message_is_edited(error: str) -> None:
    slack = Slack(error)
    assert say(slack, ["Qu", "Qu", "Qu", "Qu", "Quack."]).finished
    assert slack.told[1:] == [
        ("/chat.postMessage", {**PLACE, "markdown_text": "Qu", **MESSAGE}),
        ("/chat.update", {"channel": "C1", "ts": "2.0", "markdown_text": "Quack."}),
    ]


def test_a_stream_that_slack_has_ended_goes_on_as_a_message() -> None:
    slack = Slack("", "message_not_in_streaming_state", "message_not_in_streaming_state")
    assert say(slack, ["Qu", "Quack", "Quack."]).finished
    methods = [method.removeprefix("/chat.") for method, _ in slack.told]
    assert methods == ["startStream", "appendStream", "stopStream", "update", "update"]
    assert slack.told[-1][1] == {"channel": "C1", "ts": "1.0", "markdown_text": "Quack."}


def test_a_message_that_was_deleted_is_followed_by_another() -> None:
    slack = Slack("unknown_method", "", "message_not_found")
    assert say(slack, ["Qu", "Qu", "Quack."]).finished
    assert [method for method, _ in slack.told][2:] == ["/chat.update", "/chat.postMessage"]


def test_markdown_that_is_refused_comes_as_text_that_mentions_nobody() -> None:
    slack = Slack("invalid_blocks")
    assert say(slack, ["**a** <!channel> & b"]).finished
    text = {"text": "a &lt;!channel&gt; &amp; b", "mrkdwn": False}
    assert slack.told[1:] == [("/chat.postMessage", {**PLACE, **text, **MESSAGE})]


def test_an_answer_of_100_kb_comes_in_messages_that_slack_takes() -> None:
    slack = Slack()
    assert say(slack, ["Quack quack quack quack.\n\n" * 4000]).finished
    said = [call.body["markdown_text"] for call in slack.calls if call.body]
    assert len(said) == 9
    assert max(map(len, said)) <= 12_000
    assert "\n\n".join(said) == ("Quack quack quack quack.\n\n" * 4000).rstrip()


def command(address: str = HOOK, **changes: Any) -> Target:
    return target(COMMAND_FORM, handle={"response_url": address}, **changes)


def answer(text: str, *, anew: bool) -> tuple[str, Any]:
    return HOOK, {"response_type": "ephemeral", "replace_original": anew, "text": text}


def test_a_command_is_answered_to_its_caller_by_its_own_address_without_a_token() -> None:
    slack = Slack()
    texts = ["", *["**Qu"] * 5, *["**Quack** qu"] * 12, "**Quack** quack"]
    assert say(slack, texts, command(token="")).finished
    assert slack.told == [
        answer("_The app is thinking…_", anew=False),
        answer("*Quack* qu", anew=True),
        answer("*Quack* quack", anew=True),
    ]
    assert [call.headers for call in slack.calls] == [{}] * 3


def test_a_commands_address_is_used_five_times_at_most() -> None:
    slack = Slack()
    texts = ["Quack quack. " * n for n in range(100, 8000, 100)]
    assert say(slack, ["", *texts], command()).finished
    assert [call.what for call in slack.calls] == ["post", "edit", "edit", "post", "post"]
    assert "".join(f"{call.body['text']} " for call in slack.calls[2:] if call.body).split() == texts[-1].split()


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com.evil.example/commands/1",
        "https://hooks.slack.com@evil.example/commands/1",
        "https://evil@hooks.slack.com/commands/1",
        "https://hooks.slack.com:444/commands/1",
        "https://hooks.slack.com/commands/../1",
        "https://hooks.slack.com/commands/1?x=1",
        "https://hooks.slack.com/commands/1#x",
        "https://hooks.slack.com\\@evil.example/1",
        "https://hooks.slack.com/commands/1\n",
        "https://[hooks.slack.com/commands/1",
        "https://127.0.0.1/commands/1",
        "/commands/1",
        7,
    ],
)
def test_a_command_that_names_another_address_is_not_answered(address: Any) -> None:
    saying = Saying(CHANNEL, command(address), now=0)
    assert saying.failed == "The delivery names an address that is not Slack's."
    assert saying.request("Quack.", whole=True, now=0, wall=1000) is None


def test_slacks_other_house_may_be_answered_too() -> None:
    assert not CHANNEL.needs(command("https://hooks.slack-gov.com/commands/T1/2/abc"))


def test_a_commands_address_is_good_for_half_an_hour() -> None:
    saying = Saying(CHANNEL, command(received=-10_000), now=0)
    assert saying.request("Quack.", whole=True, now=0, wall=1000) is None
    assert saying.failed == "there is no way left to answer there"


def test_without_a_token_nothing_but_a_command_is_answered() -> None:
    assert Saying(CHANNEL, target(token=""), now=0).failed == "bot_token is not set"


@pytest.mark.parametrize(
    "changed",
    [{"channel": "C1/../x"}, {"channel": "U1"}, {"channel": ""}, {"ts": "1"}, {"ts": "x", "thread_ts": "1.0 "}],
)
def test_a_place_that_slack_can_not_have_is_not_written_to(changed: dict[str, str]) -> None:
    where = target()
    with pytest.raises(NoPlace):
        CHANNEL.sign(replace(where, to={**where.to, **changed}))


POST, STREAM, EDIT = Request(what="post"), Request(what="append"), Request(what="edit")
BY_HOOK = Request(what="post", url=HOOK)


@pytest.mark.parametrize(
    ("request_", "response", "verdict"),
    [
        (POST, Response(status=200, body={"ok": True}), Verdict(outcome=Outcome.DONE)),
        (
            POST,
            refused("ratelimited", status=429, retry_after="30"),
            Verdict(outcome=Outcome.AGAIN, after=30, reason="Slack asks to slow down (ratelimited)"),
        ),
        (
            POST,
            Response(status=429, headers={"retry-after": "soon"}),
            Verdict(outcome=Outcome.AGAIN, reason="Slack asks to slow down (429)"),
        ),
        (POST, Response(status=503), Verdict(outcome=Outcome.AGAIN, reason="Slack has trouble of its own (503)")),
        (
            POST,
            refused("internal_error"),
            Verdict(outcome=Outcome.AGAIN, reason="Slack has trouble of its own (internal_error)"),
        ),
        (
            POST,
            refused("is_archived"),
            Verdict(outcome=Outcome.NEVER, reason="the channel is archived (is_archived)"),
        ),
        (
            POST,
            refused("missing_scope"),
            Verdict(outcome=Outcome.NEVER, reason="bot_token lacks the scope chat:write (missing_scope)"),
        ),
        (
            STREAM,
            refused("missing_scope"),
            Verdict(outcome=Outcome.NEXT, reason="bot_token lacks the scope chat:write (missing_scope)"),
        ),
        (
            STREAM,
            refused("token_revoked"),
            Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (token_revoked)"),
        ),
        (
            EDIT,
            refused("edit_window_closed"),
            Verdict(outcome=Outcome.NEXT, reason="the message can't be edited any more (edit_window_closed)"),
        ),
        (
            POST,
            refused("invalid_blocks"),
            Verdict(outcome=Outcome.PLAIN, reason="the formatting is refused (invalid_blocks)"),
        ),
        (POST, refused("<b>own words</b>"), Verdict(outcome=Outcome.NEVER, reason="Slack refused it (200)")),
        (POST, Response(status=200), Verdict(outcome=Outcome.NEVER, reason="Slack refused it (200)")),
        (POST, Response(status=200, body=["ok"]), Verdict(outcome=Outcome.NEVER, reason="Slack refused it (200)")),
        (POST, Response(status=302), Verdict(outcome=Outcome.NEVER, reason="Slack refused it (302)")),
        (BY_HOOK, Response(status=200), Verdict(outcome=Outcome.DONE)),
        (BY_HOOK, refused("expired_url"), Verdict(outcome=Outcome.NEVER, reason="Slack refused it (200)")),
        (
            BY_HOOK,
            Response(status=404),
            Verdict(outcome=Outcome.NEVER, reason="the command's address is used up (404)"),
        ),
    ],
)
def test_what_slack_says_is_understood(request_: Request, response: Response, verdict: Verdict) -> None:
    assert judge(request_, response) == verdict


def test_a_message_that_may_have_arrived_is_not_posted_again() -> None:
    slack = Slack(LOST)
    assert say(slack, ["Quack."]).failed == "it is not known whether it arrived"
    assert len(slack.calls) == 1


def test_the_token_can_be_checked() -> None:
    assert CHANNEL.check(target()) == Request(
        what="check", path="/auth.test", headers=AS_BOT, body={}, repeatable=True
    )
    assert CHANNEL.check(target(token="")) is None
    assert CHANNEL.checked(Response(status=200, body={"ok": True})) == ""
    assert CHANNEL.checked(refused("invalid_auth")) == "bot_token is refused (invalid_auth)"
