import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.senders import SCHEMES, Delivery, Ignored, Preset
from relay.senders.preset import cut
from tests.relay.senders.samples import IGNORED, READ, UNREAD
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.shapes import spoilt


@pytest.mark.parametrize(("name", "delivery", "preset"), READ.values(), ids=READ)
def test_a_common_event_needs_no_template(name: str, delivery: Delivery, preset: Preset) -> None:
    assert SCHEMES[name].preset(delivery) == preset


@pytest.mark.parametrize(("name", "delivery"), IGNORED.values(), ids=IGNORED)
def test_what_no_person_wrote_runs_no_app(name: str, delivery: Delivery) -> None:
    assert isinstance(SCHEMES[name].preset(delivery), Ignored)


@pytest.mark.parametrize(("name", "delivery"), [*((name, posted({})) for name in SCHEMES), *UNREAD])
def test_any_other_event_is_left_to_the_default_mapping(name: str, delivery: Delivery) -> None:
    assert SCHEMES[name].preset(delivery) is None


def test_who_shows_an_answer_needs_a_message_and_nobody_else() -> None:
    showing = {scheme for scheme, _, preset in READ.values() if preset.reply is not None}
    assert showing == {name for name, scheme in SCHEMES.items() if scheme.message} == {"slack", "telegram", "discord"}


@pytest.mark.parametrize("name", [name for name, (_, _, preset) in READ.items() if preset.reply is not None])
def test_what_a_message_needs_can_be_stored(name: str) -> None:
    scheme, _, preset = READ[name]
    message: Any = SCHEMES[scheme].message
    assert message(json.loads(json.dumps(preset.reply)), "Quack.") == message(preset.reply, "Quack.")


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
    assert cut(answer, 2000) == content


@pytest.mark.parametrize(
    ("mentions", "bot", "meant"),
    [
        ({"quackbot"}, {"quackbot", "99"}, True),
        ({"99"}, {"99"}, True),
        ({"otherbot"}, {"quackbot", "99"}, False),
        ({"otherbot"}, {"99"}, True),
        ({"ada"}, {"99"}, False),
        ({"anybot"}, set(), False),
        (set(), {"99"}, False),
    ],
)
def test_a_bot_is_meant_by_its_name_or_id(mentions: set[str], bot: set[str], meant: bool) -> None:
    preset = Preset(among_others=True, addressed=False, mentions=frozenset(mentions))
    assert preset.is_meant(frozenset(bot)) is meant


def test_a_bot_that_is_addressed_needs_no_name() -> None:
    assert Preset(among_others=True).is_meant(frozenset({"quackbot"}))


@pytest.mark.parametrize("name", READ)
@given(data=st.data())
def test_a_payload_of_another_shape_breaks_nothing(name: str, data: st.DataObject) -> None:
    scheme, delivery, _ = READ[name]
    changed = spoilt(delivery.payload, delivery.headers, data)
    reading = SCHEMES[scheme].preset(changed)
    assert reading is None or isinstance(reading, Preset | Ignored)
    SCHEMES[scheme].delivery_id(changed)
    SCHEMES[scheme].is_repeated(changed)
    if isinstance(reading, Preset):
        assert isinstance(reading.query, str)
        assert reading.user is None or reading.user
        json.dumps([reading.to, reading.handle])
        assert "the-secret" not in json.dumps(reading.inputs)
