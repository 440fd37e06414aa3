import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.senders import SCHEMES, Delivery, Ignored, Preset
from tests.relay.senders.samples import READ
from tests.relay.senders.samples.forges import ISSUE_COMMENT, NOTE
from tests.relay.senders.samples.messengers import DISCORD, MENTION, SLACK_COMMAND, TELEGRAM
from tests.relay.senders.samples.post import posted


@pytest.mark.parametrize(("name", "delivery", "preset"), READ.values(), ids=READ)
def test_a_common_event_needs_no_template(name: str, delivery: Delivery, preset: Preset) -> None:
    assert SCHEMES[name].preset(delivery) == preset


def _slack(**event: Any) -> Delivery:
    return posted({**MENTION, "event": {"type": "message", "channel": "C1", "ts": "1", "text": "x", **event}})


IGNORED: dict[str, tuple[str, Delivery]] = {
    "Slack, bot": ("slack", _slack(bot_id="B1", user="UDUCK")),
    "Slack, bot_message": ("slack", _slack(subtype="bot_message")),
    "Slack, edit": ("slack", _slack(subtype="message_changed")),
    "Slack, join": ("slack", _slack(subtype="channel_join", user="U1")),
    "GitHub, bot": (
        "github",
        posted({**ISSUE_COMMENT, "sender": {"login": "duck[bot]", "type": "Bot"}}, x_github_event="issue_comment"),
    ),
    "GitLab, system note": ("gitlab", posted({**NOTE, "object_attributes": {"system": True, "note": "closed"}})),
    "GitLab, project bot": ("gitlab", posted({**NOTE, "user": {"username": "project_1_bot_4ffca2"}})),
    "LINE, standby": (
        "line",
        posted({"events": [{"type": "message", "mode": "standby", "message": {"type": "text", "text": "x"}}]}),
    ),
    "Telegram, bot": (
        "telegram",
        posted({"message": {"from": {"id": 1, "is_bot": True}, "chat": {"id": 1}, "text": "x"}}),
    ),
    "WhatsApp, status": (
        "meta",
        posted({"entry": [{"changes": [{"value": {"statuses": [{"status": "read"}]}}]}]}),
    ),
    "Messenger, echo": ("meta", posted({"entry": [{"messaging": [{"message": {"is_echo": True, "text": "x"}}]}]})),
    "Messenger, read": ("meta", posted({"entry": [{"messaging": [{"read": {"watermark": 1}}]}]})),
}


@pytest.mark.parametrize(("name", "delivery"), IGNORED.values(), ids=IGNORED)
def test_what_no_person_wrote_runs_no_app(name: str, delivery: Delivery) -> None:
    assert isinstance(SCHEMES[name].preset(delivery), Ignored)


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        *((name, posted({})) for name in SCHEMES),
        ("github", posted({"action": "created"}, x_github_event="star")),
        ("gitlab", posted({"object_kind": "pipeline"})),
        ("slack", posted({"type": "event_callback", "event": {"type": "reaction_added"}})),
        ("line", posted({"events": [{"type": "message", "message": {"type": "sticker"}}]})),
        ("telegram", posted({"callback_query": {"id": "1"}})),
        ("telegram", posted({"message": {"sticker": {}, "chat": {"id": 1}}})),
        ("discord", posted({"type": 4, "data": {}})),
        ("discord", posted({"type": 1, "event": {"type": "ENTITLEMENT_CREATE"}})),
        ("meta", posted({"entry": [{"changes": [{"value": {"messages": [{"type": "image"}]}}]}]})),
    ],
)
def test_any_other_event_is_left_to_the_default_mapping(name: str, delivery: Delivery) -> None:
    assert SCHEMES[name].preset(delivery) is None


def test_slacks_bot_is_not_told_its_own_name_wherever_it_stands() -> None:
    read = SCHEMES["slack"].preset(_slack(user="U1", text="Hey <@UDUCK|duck>, ask <@U2>"))
    assert isinstance(read, Preset)
    assert read.query == "Hey, ask <@U2>"


def replied(name: str, delivery: Delivery, answer: str) -> Any:
    preset = SCHEMES[name].preset(delivery)
    assert isinstance(preset, Preset)
    return preset.reply(answer) if preset.reply else None


def test_a_command_of_slack_is_answered_to_its_caller_without_mentions() -> None:
    shown = {"response_type": "ephemeral", "text": 'a &lt;!channel&gt; &amp; "b"'}
    assert replied("slack", SLACK_COMMAND, 'a <!channel> & "b"') == shown


def test_telegram_sends_the_answer_to_the_chat() -> None:
    sent = {"method": "sendMessage", "chat_id": -100, "text": "Quack."}
    assert replied("telegram", posted(TELEGRAM), "Quack.") == sent


def test_telegram_sends_the_answer_to_the_topic() -> None:
    _, delivery, _ = READ["Telegram, edited caption in a topic"]
    sent = {"method": "sendMessage", "chat_id": 1, "message_thread_id": 3, "text": "Quack."}
    assert replied("telegram", delivery, "Quack.") == sent


def test_discord_shows_the_answer_and_pings_nobody() -> None:
    assert replied("discord", posted(DISCORD), "@everyone quack") == {
        "type": 4,
        "data": {"content": "@everyone quack", "allowed_mentions": {"parse": []}},
    }


@pytest.mark.parametrize(("depth", "query"), [(1, "deep"), (3, "deep"), (4, "duck"), (40, "duck")])
def test_discords_options_stand_in_a_command_of_a_group_at_the_deepest(depth: int, query: str) -> None:
    options: list[dict[str, Any]] = [{"name": "prompt", "value": "deep"}]
    for _ in range(depth - 1):
        options = [{"name": "nest", "options": options}]
    read = SCHEMES["discord"].preset(posted({"type": 2, "data": {"custom_id": "duck", "options": options}}))
    assert isinstance(read, Preset)
    assert read.query == query


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ("q" * 2000, "q" * 2000),
        ("q" * 2001, "q" * 1999 + "…"),
        ("🦆" * 1000, "🦆" * 1000),
        ("🦆" * 1001, "🦆" * 999 + "…"),
        ("q" + "🦆" * 1000, "q" + "🦆" * 999 + "…"),
    ],
    ids=["fits", "too long", "ducks fit", "too many ducks", "ducks at odd places"],
)
def test_an_answer_that_is_too_long_is_cut_between_characters(answer: str, content: str) -> None:
    assert replied("discord", posted(DISCORD), answer)["data"]["content"] == content


@pytest.mark.parametrize(
    "name", [name for name in READ if not name.startswith(("Slack, command", "Telegram", "Discord"))]
)
def test_the_others_do_not_look_at_the_response(name: str) -> None:
    scheme, delivery, _ = READ[name]
    assert replied(scheme, delivery, "Quack.") is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, below in inner for place in ((*path, step), *places(below, (*path, step)))]


@pytest.mark.parametrize("name", READ)
@given(data=st.data())
def test_a_payload_of_another_shape_breaks_nothing(name: str, data: st.DataObject) -> None:
    scheme, delivery, _ = READ[name]
    payload = copy.deepcopy(dict(delivery.payload))
    *way, last = data.draw(st.sampled_from(places(payload)))
    holder: Any = payload
    for step in way:
        holder = holder[step]
    holder[last] = data.draw(JSON_VALUES)
    changed = Delivery(
        headers={**delivery.headers, "content-type": "application/json"}, body=json.dumps(payload).encode()
    )
    reading = SCHEMES[scheme].preset(changed)
    assert reading is None or isinstance(reading, Preset | Ignored)
    SCHEMES[scheme].delivery_id(changed)
    SCHEMES[scheme].is_repeated(changed)
    if isinstance(reading, Preset):
        assert isinstance(reading.query, str)
        assert reading.user is None or reading.user
        assert "the-secret" not in json.dumps(reading.inputs)
