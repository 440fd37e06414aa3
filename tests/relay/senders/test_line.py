from relay.senders import SCHEMES, Delivery, Ignored, Preset, verify
from tests.relay.senders.samples.line import EVENT
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import NOW

LINE = SCHEMES["line"]


def test_lines_example() -> None:
    # line/line-bot-sdk-python, tests of SignatureValidator
    headers = {"x-line-signature": "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="}
    verify(Delivery(headers=headers, body=b"bodybodybodybody"), LINE.proofs, ["channel_secret"], NOW)


def test_each_persons_message_of_a_batch_is_read_under_its_own_id() -> None:
    events = [
        {
            **EVENT,
            "webhookEventId": f"01{user}",
            "deliveryContext": {"isRedelivery": user == "U2"},
            "source": {"type": "user", "userId": user},
            "message": {"type": "text", "text": f"message of {user}"},
        }
        for user in ("U1", "U2")
    ]
    standby = {**EVENT, "mode": "standby", "webhookEventId": "01S"}
    parts = LINE.messages(posted({"destination": "U0", "events": [*events, standby]}))
    assert [LINE.delivery_id(part) for part in parts] == ["01U1", "01U2", "01S"]
    assert [LINE.is_repeated(part) for part in parts] == [False, True, False]
    assert [LINE.preset(part) for part in parts] == [
        *(
            Preset(
                query=f"message of {user}",
                inputs={"source_type": "user", "user_id": user, "reply_token": "r1"},
                user=user,
                conversation_key=user,
            )
            for user in ("U1", "U2")
        ),
        Ignored("the channel is on standby"),
    ]
