from typing import Any

import pytest

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
                inputs={"source_type": "user", "user_id": user},
                user=user,
                conversation_key=user,
                to={"to": user, "source": "user"},
                handle={"reply_token": "r1", "expires": 1_790_000_025.123},
            )
            for user in ("U1", "U2")
        ),
        Ignored("the channel is on standby"),
    ]


@pytest.mark.parametrize(
    ("mentioned", "query", "addressed"),
    [
        ({"index": 0, "length": 5, "isSelf": True}, "deep?", True),
        ({"index": 0, "length": 5, "isSelf": False}, "@Duck deep?", False),
        ({"index": 0, "length": 5, "isSelf": "true"}, "@Duck deep?", False),
        ({"index": 0, "length": 5, "type": "all"}, "@Duck deep?", False),
        ({"index": 5, "length": 10**15, "isSelf": True}, "@Duck", True),
        ({"index": 10**15, "length": 5, "isSelf": True}, "@Duck deep?", True),
        ({"index": -1, "length": 5, "isSelf": True}, "@Duck deep?", True),
        ({"index": "9" * 5000, "length": 5, "isSelf": True}, "@Duck deep?", True),
        ({"isSelf": True}, "@Duck deep?", True),
        ("Duck", "@Duck deep?", False),
    ],
)
def test_a_mention_of_the_bot_is_no_part_of_what_is_said(mentioned: Any, query: str, addressed: bool) -> None:
    message = {"type": "text", "text": "@Duck deep?", "mention": {"mentionees": [mentioned]}}
    read = LINE.preset(posted({"events": [{**EVENT, "message": message}]}))
    assert isinstance(read, Preset)
    assert (read.query, read.addressed) == (query, addressed)


@pytest.mark.parametrize("time", [None, "soon", -5, "9" * 5000, 1.5, True])
def test_a_reply_token_without_a_time_is_good_from_when_it_came(time: Any) -> None:
    read = LINE.preset(posted({"events": [{**EVENT, "timestamp": time}]}))
    assert isinstance(read, Preset)
    assert read.handle == {"reply_token": "r1"}
