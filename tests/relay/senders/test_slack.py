import pytest

from relay.senders import SCHEMES, Delivery, Preset, verify
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.slack import COMMAND_FORM, MENTION, event

SLACK = SCHEMES["slack"]


def query(delivery: Delivery) -> str:
    read = SLACK.preset(delivery)
    assert isinstance(read, Preset)
    return read.query


def test_slacks_example() -> None:
    # Slack docs, "Verifying requests from Slack"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    delivery = Delivery(headers=headers, body=body)
    verify(delivery, SLACK.proofs, ["8f742231b10e8888abcd99yyyzzz85a5"], 1531420618)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Hey <@UDUCK|duck>, ask <@U2>", "Hey, ask <@U2>"),
        ("<@UDUCK> <@UDUCK> quack", "quack"),
        ("is <@UDUCKLING> here", "is <@UDUCKLING> here"),
        ("&amp;lt; is &lt;", "&lt; is <"),
        ("&#" + "9" * 5000 + "; &copy;", "&#" + "9" * 5000 + "; &copy;"),
    ],
    ids=["named", "twice", "another", "escaped once", "no entity of Slack's"],
)
def test_the_bot_is_not_told_its_own_name_and_the_text_is_as_it_was_written(text: str, asked: str) -> None:
    assert query(event(user="U1", text=text)) == asked


@pytest.mark.parametrize(
    "text",
    ["<@U0|" * 200_000, "<@U" * 200_000, "<@" + "U" * 500_000, "quack" + " " * 1_000_000 + "?"],
    ids=["named", "bare", "long", "blanks"],
)
def test_what_looks_like_the_beginning_of_a_mention_is_not_read_from_there_to_the_end(text: str) -> None:
    # read so, these would take hours
    assert query(event(text=text)) == text


def test_a_mention_that_comes_as_a_message_too_is_one_delivery() -> None:
    as_message = {**MENTION, "event_id": "Ev2", "event": {**MENTION["event"], "type": "message"}}
    assert SLACK.delivery_id(posted(MENTION)) == SLACK.delivery_id(posted(as_message)) == "C1:1.5"


def test_the_same_words_a_second_later_are_another_delivery() -> None:
    later = {**MENTION, "event": {**MENTION["event"], "ts": "2.5"}}
    assert SLACK.delivery_id(posted(later)) == "C1:2.5"


def test_a_command_is_answered_to_its_caller_without_mentions() -> None:
    assert SLACK.message
    assert SLACK.message({}, 'a <!channel> & "b"') == {
        "response_type": "ephemeral",
        "text": 'a &lt;!channel&gt; &amp; "b"',
    }


def reading(delivery: Delivery) -> Preset:
    read = SLACK.preset(delivery)
    assert isinstance(read, Preset)
    return read


@pytest.mark.parametrize(
    ("delivery", "among_others", "addressed"),
    [
        (posted(MENTION), True, True),
        (event(user="U1", channel_type="channel", text="quack"), True, False),
        (event(user="U1", channel_type="group", text="what says <@UDUCK|duck>?"), True, True),
        (event(user="U1", channel_type="mpim", text="ask <@U2>"), True, False),
        (event(user="U1", channel_type="im", text="quack"), False, True),
    ],
    ids=["mention", "channel", "mentioned at the end", "another", "direct"],
)
def test_in_a_channel_the_bot_is_meant_when_it_is_mentioned(
    delivery: Delivery, among_others: bool, addressed: bool
) -> None:
    read = reading(delivery)
    assert (read.among_others, read.addressed) == (among_others, addressed)


@pytest.mark.parametrize(
    ("text", "files", "wordless"),
    [("", [{"id": "F1"}], True), ("<@UDUCK>", [{"id": "F1"}], True), ("see", [{"id": "F1"}], False), ("", [], False)],
    ids=["a picture", "a picture for the bot", "with words", "nothing"],
)
def test_a_picture_alone_has_no_words(text: str, files: list[object], wordless: bool) -> None:
    assert reading(event(user="U1", subtype="file_share", text=text, files=files)).wordless is wordless


def test_a_commands_own_address_is_a_handle_and_never_an_input() -> None:
    read = reading(COMMAND_FORM)
    assert read.handle == {"response_url": "https://hooks.example/commands/1"}
    assert "hooks.example" not in repr(read)
    assert "hooks.example" not in str(read.inputs)


def test_a_message_without_a_place_can_not_be_answered_there() -> None:
    assert reading(event(user="U1", channel=None)).to is None
