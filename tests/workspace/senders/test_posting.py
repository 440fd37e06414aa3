"""What the workspace posts is what the sender would have posted: the relay takes it for genuine and reads it."""

import time

import pytest

from relay.senders import Delivery, Preset
from relay.senders.proof import verify
from relay.senders.table import SCHEMES
from workspace.senders.posting import DISCORD_PUBLIC_KEY, POSTERS, SECRET, post

ROWS = {"whatsapp": "meta", "messenger": "meta"}
PLACES = [
    *((name, kind, "") for name, poster in POSTERS.items() for kind in poster.kinds),
    ("slack", "event", "D0ADA"),
    ("telegram", "", "-100"),
    ("line", "", "C" + "c" * 32),
    ("gitlab", "note", "duck/pond!8"),
]


@pytest.mark.parametrize(("name", "kind", "place"), PLACES)
def test_the_relay_takes_it_for_genuine_and_reads_what_the_person_wrote(name: str, kind: str, place: str) -> None:
    headers, body = post(name, "Is 1 < 2 & 3?", kind=kind, place=place)
    delivery = Delivery(headers={key.lower(): value for key, value in headers.items()}, body=body)
    scheme = SCHEMES[ROWS.get(name, name)]
    secret = DISCORD_PUBLIC_KEY if name == "discord" else SECRET
    verify(delivery, scheme.proofs, [secret], time.time())
    [message] = scheme.messages(delivery)
    read = scheme.preset(message)
    assert isinstance(read, Preset)
    assert "Is 1 < 2 & 3?" in read.query
    assert read.user


def test_two_deliveries_are_not_one() -> None:
    for name in POSTERS:
        scheme = SCHEMES[ROWS.get(name, name)]
        ids = set()
        for now in (time.time(), time.time() + 1):
            headers, body = post(name, "quack", now=now)
            delivery = Delivery(headers={key.lower(): value for key, value in headers.items()}, body=body)
            ids.add(scheme.delivery_id(scheme.messages(delivery)[0]))
        assert len(ids) == 2, name
        assert None not in ids, name


def test_a_sender_that_there_is_not_posts_nothing() -> None:
    with pytest.raises(KeyError):
        post("pigeon", "coo")
    with pytest.raises(KeyError):
        post("slack", "quack", kind="pigeon")
