import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import PayloadTooLarge
from relay.senders import SCHEMES, Delivery, Preset
from relay.senders.batch import MOST_PARTS
from tests.relay.senders.samples import IGNORED, READ, UNREAD
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.shapes import spoilt

LISTS = {"line": "events", "microsoft-graph": "value"}
DIVIDING = pytest.mark.parametrize(("scheme", "name"), LISTS.items())


@DIVIDING
def test_each_message_of_a_batch_is_a_delivery_with_what_stands_beside_it(scheme: str, name: str) -> None:
    batch = Delivery(
        headers={"content-type": "application/json", "x-line-signature": "of the whole"},
        body=json.dumps({"destination": "ü", name: [{"n": 1}, {"n": 2}, {"n": 3}]}).encode(),
        query={"tone": "calm"},
    )
    parts = SCHEMES[scheme].messages(batch)
    bodies = [f'{{"destination":"ü","{name}":[{{"n":{n}}}]}}'.encode() for n in (1, 2, 3)]
    assert parts == [replace(batch, body=body) for body in bodies]
    assert [part.payload for part in parts] == [{"destination": "ü", name: [{"n": n}]} for n in (1, 2, 3)]


ALL = [*((name, delivery) for name, delivery, _ in READ.values()), *IGNORED.values(), *UNREAD]


@pytest.mark.parametrize(("name", "delivery"), ALL)
def test_a_single_message_is_the_delivery_itself(name: str, delivery: Delivery) -> None:
    [only] = SCHEMES[name].messages(delivery)
    assert only is delivery


@DIVIDING
@pytest.mark.parametrize("items", [None, [], {}, "x", [None, None], [{}, None], ["x", {}], [[{}, {}]]])
def test_what_is_no_list_of_messages_stays_whole(scheme: str, name: str, items: Any) -> None:
    batch = posted({name: items})
    [only] = SCHEMES[scheme].messages(batch)
    assert only is batch


def batch_of(scheme: str, messages: list[Any], **beside: Any) -> Delivery:
    holder = {**beside, LISTS.get(scheme, "messaging"): messages}
    return posted({"entry": [holder]} if scheme == "meta" else holder)


@pytest.mark.parametrize("scheme", [*LISTS, "meta"])
def test_a_batch_has_as_many_messages_as_a_sender_promises_at_the_most(scheme: str) -> None:
    messages = [{"n": n} for n in range(MOST_PARTS + 1)]
    assert len(SCHEMES[scheme].messages(batch_of(scheme, messages[:MOST_PARTS]))) == MOST_PARTS
    with pytest.raises(PayloadTooLarge):  # all but the first would be acknowledged and never run
        SCHEMES[scheme].messages(batch_of(scheme, messages))


@pytest.mark.parametrize("scheme", [*LISTS, "meta"])
def test_a_batch_that_would_be_copied_too_often_is_refused(scheme: str) -> None:
    with pytest.raises(PayloadTooLarge):
        SCHEMES[scheme].messages(batch_of(scheme, [{}] * 100, ballast="x" * 2**20))


@pytest.mark.parametrize("name", [name for name, (scheme, *_) in READ.items() if scheme in {*LISTS, "meta"}])
@given(data=st.data())
def test_a_batch_of_another_shape_breaks_nothing(name: str, data: st.DataObject) -> None:
    scheme, delivery, _ = READ[name]
    payload = copy.deepcopy(dict(delivery.payload))
    for holder in [payload, *payload.get("entry", [])]:
        for several in (one for one in list(holder.values()) if isinstance(one, list)):
            several.extend(copy.deepcopy(several))
    batch = spoilt(payload, delivery.headers, data)
    for part in SCHEMES[scheme].messages(batch):
        assert part.payload or part is batch
        reading = SCHEMES[scheme].preset(part)
        SCHEMES[scheme].delivery_id(part)
        if isinstance(reading, Preset):
            assert "the-secret" not in json.dumps(reading.inputs)
