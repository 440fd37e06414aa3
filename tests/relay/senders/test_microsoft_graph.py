import pytest

from relay.senders import SCHEMES, Delivery, Preset, Reply, SignatureError, handshake, verify
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import NOW, WORDS

GRAPH = SCHEMES["microsoft-graph"]


def test_its_token_comes_back_as_plain_text() -> None:
    asked = Delivery(query={"validationToken": "Validation: <b>1 & ü</b>"})
    reply = handshake.answer(asked, GRAPH.handshakes, signed=False)
    assert reply == Reply(media_type="text/plain; charset=utf-8", body="Validation: <b>1 & ü</b>".encode())


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        None,
        "first-words",
        [None],
        [{}],
        [{"clientState": None}],
        [{"clientState": ["first-words"]}],
        [{"clientState": "first-words"}, {"clientState": "forged"}],
        [{"clientState": "first-words"}, {}],
    ],
)
def test_every_notification_must_hold_the_secret(value: object) -> None:
    with pytest.raises(SignatureError):
        verify(posted({"value": value}), GRAPH.proofs, [WORDS[0]], NOW)


def test_notifications_of_two_subscriptions_may_hold_a_secret_each() -> None:
    sent = posted({"value": [{"clientState": word} for word in (*WORDS, *WORDS)]})
    verify(sent, GRAPH.proofs, WORDS, NOW)
    with pytest.raises(SignatureError):
        verify(sent, GRAPH.proofs, [WORDS[0], "third-words"], NOW)


def test_each_notification_of_a_batch_is_read_under_its_own_id() -> None:
    def notification(number: int) -> dict[str, str]:
        return {"id": f"n{number}", "changeType": "updated", "resource": f"me/{number}", "subscriptionId": "s"}

    secret = {"clientState": "the-secret"}
    batch = posted({"validationTokens": ["t"], "value": [{**notification(n), **secret} for n in (1, 2)]})
    parts = GRAPH.messages(batch)
    assert [part.find("validationTokens") for part in parts] == [["t"], ["t"]]
    assert [GRAPH.delivery_id(part) for part in parts] == ["n1", "n2"]
    assert [GRAPH.preset(part) for part in parts] == [
        Preset(
            query=f"updated me/{n}",
            inputs={
                "changeType": "updated",
                "resource": f"me/{n}",
                "subscriptionId": "s",
                "notifications": [notification(n)],
            },
            conversation_key="s",
        )
        for n in (1, 2)
    ]
