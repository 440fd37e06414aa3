from typing import Any

import pytest

from relay.senders import SCHEMES, Delivery, Ignored, Preset, Reply, SignatureError, handshake
from tests.relay.senders.samples.meta import WHATSAPP_PLACE, messenger, whatsapp, whatsapp_message
from tests.relay.senders.samples.post import posted

META = SCHEMES["meta"]
TOKENS = ("first-words", "other-words")
SUBSCRIBE = {"hub.mode": "subscribe", "hub.verify_token": "other-words", "hub.challenge": "1158201444"}


def test_the_challenge_is_for_whoever_knows_the_verify_token() -> None:
    reply = handshake.answer(Delivery(query=SUBSCRIBE), META.handshakes, signed=False, verify_tokens=TOKENS)
    assert reply == Reply(body=b"1158201444")


@pytest.mark.parametrize(
    ("token", "tokens", "reason"),
    [
        ("wrong", TOKENS, "hub.verify_token is not the one that is set"),
        ("", TOKENS, "hub.verify_token is not the one that is set"),
        ("ü\ud83d", TOKENS, "hub.verify_token is not the one that is set"),
        ("", (), "no verify token is set"),
        ("", ("",), "no verify token is set"),
        (" ", (" ",), "no verify token is set"),
    ],
)
def test_another_verify_token_is_refused(token: str, tokens: tuple[str, ...], reason: str) -> None:
    delivery = Delivery(query={**SUBSCRIBE, "hub.verify_token": token})
    with pytest.raises(SignatureError) as caught:
        handshake.answer(delivery, META.handshakes, signed=False, verify_tokens=tokens)
    assert (caught.value.reason, caught.value.status) == (reason, 401)


def text(person: str) -> dict[str, Any]:
    return {"from": person, "id": f"wamid.{person}", "type": "text", "text": {"body": f"message of {person}"}}


def contact(person: str) -> dict[str, Any]:
    return {"wa_id": person, "profile": {"name": f"name of {person}"}}


def test_a_batch_is_divided_down_to_messages_with_what_belongs_to_each() -> None:
    batch = {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "E1",
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "metadata": {"phone_number_id": "P1"},
                            "contacts": [contact("2"), contact("1")],
                            "messages": [text("1"), text("2"), text("3")],
                            "statuses": [{"id": "wamid.0", "status": "read", "recipient_id": "2"}],
                        },
                    },
                    {"field": "account_update", "value": {"event": "X"}},
                    {"field": "odd", "value": None},
                    {"field": "without"},
                ],
            },
            {"id": "E2", "time": 7, "messaging": [{"n": 1}, {"n": 2}]},
            {"id": "E3"},
        ],
    }
    kept = {"metadata": {"phone_number_id": "P1"}}

    def change(**value: Any) -> dict[str, Any]:
        return {"id": "E1", "changes": [{"field": "messages", "value": {**kept, **value}}]}

    assert [part.payload for part in META.messages(posted(batch))] == [
        {"object": "whatsapp_business_account", "entry": [entry]}
        for entry in (
            change(contacts=[contact("1")], messages=[text("1")]),
            change(contacts=[contact("2")], messages=[text("2")]),
            change(messages=[text("3")]),
            change(contacts=[contact("2")], statuses=[{"id": "wamid.0", "status": "read", "recipient_id": "2"}]),
            {"id": "E1", "changes": [{"field": "account_update", "value": {"event": "X"}}]},
            {"id": "E1", "changes": [{"field": "odd", "value": None}]},
            {"id": "E1", "changes": [{"field": "without"}]},
            {"id": "E2", "time": 7, "messaging": [{"n": 1}]},
            {"id": "E2", "time": 7, "messaging": [{"n": 2}]},
            {"id": "E3"},
        )
    ]


def test_each_persons_message_is_read_under_its_own_id_and_statuses_are_ignored_one_by_one() -> None:
    whole = whatsapp(
        metadata={"phone_number_id": "P1"},
        contacts=[contact("1"), contact("2")],
        messages=[text("1"), text("2")],
        statuses=[{"status": "read"}],
    )
    parts = META.messages(whole)
    assert [META.delivery_id(part) for part in parts][:2] == ["wamid.1", "wamid.2"]
    assert [META.preset(part) for part in parts] == [
        *(
            Preset(
                query=f"message of {person}",
                inputs={
                    "channel": "whatsapp",
                    "phone_number_id": "P1",
                    "name": f"name of {person}",
                    "message_id": f"wamid.{person}",
                },
                user=person,
                conversation_key=f"P1:{person}",
                to={
                    "channel": "whatsapp",
                    "phone_number_id": "P1",
                    "person": person,
                    "message_id": f"wamid.{person}",
                },
            )
            for person in ("1", "2")
        ),
        Ignored("a message's status"),
    ]


def test_an_only_contact_stays_though_it_has_another_number_than_the_sender() -> None:
    # as with numbers in Brazil and Mexico that WhatsApp knows with a digit more
    whole = whatsapp(contacts=[contact("5511")], messages=[text("1"), text("2")])
    names = [part.find("entry.0.changes.0.value.contacts") for part in META.messages(whole)]
    assert names == [[contact("5511")], [contact("5511")]]


def test_receipts_and_echoes_in_a_batch_are_ignored_one_by_one() -> None:
    entry = {
        "messaging": [
            {"message": {"is_echo": True, "text": "mine"}},
            {"read": {"watermark": 1}},
            {"sender": {"id": "S1"}, "recipient": {"id": "P1"}, "message": {"mid": "m_1", "text": "quack?"}},
        ]
    }
    assert [META.preset(part) for part in META.messages(posted({"object": "page", "entry": [entry]}))] == [
        Ignored("the page's own message"),
        Ignored("a receipt"),
        Preset(
            query="quack?",
            inputs={"channel": "page", "page_id": "P1", "message_id": "m_1"},
            user="S1",
            conversation_key="P1:S1",
            to={"channel": "messenger", "person": "S1"},
        ),
    ]


def test_what_has_no_id_of_its_own_is_known_by_all_that_it_says() -> None:
    one, other = messenger(timestamp=1, optin={}), messenger(timestamp=2, optin={})
    assert META.delivery_id(one) == f"sha256:{one.digest}"
    assert META.delivery_id(one) != META.delivery_id(other)


@pytest.mark.parametrize("kind", ["audio", "voice", "video", "document", "sticker", "image"])
def test_a_message_without_words_is_one(kind: str) -> None:
    preset = META.preset(posted(whatsapp_message(**{"type": kind, kind: {"id": "M1"}})))
    assert isinstance(preset, Preset)
    assert (preset.query, preset.wordless, preset.to) == ("", True, WHATSAPP_PLACE)


@pytest.mark.parametrize("missing", ["from", "id"])
def test_a_message_of_nobody_or_without_an_id_is_answered_nowhere(missing: str) -> None:
    preset = META.preset(posted(whatsapp_message(**{"type": "text", "text": {"body": "quack?"}, missing: None})))
    assert isinstance(preset, Preset)
    assert (preset.query, preset.to) == ("quack?", None)
