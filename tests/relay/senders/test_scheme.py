from collections.abc import Mapping

import pytest

from relay.senders import SCHEMES, Delivery, hmac
from tests.relay.senders.samples import IDS
from tests.relay.senders.samples.post import posted

ROWS = {**SCHEMES, "hmac": hmac(header="x-sign")}


@pytest.mark.parametrize(("name", "delivery", "expected"), IDS)
def test_a_delivery_is_known_by_what_its_sender_vouches_for(
    name: str, delivery: Delivery, expected: str | None
) -> None:
    assert ROWS[name].delivery_id(delivery) == expected


@pytest.mark.parametrize("name", ["github", "shopify", "meta"])
def test_without_a_signed_id_or_time_another_body_is_another_delivery(name: str) -> None:
    topic = {"x_shopify_topic": "orders/create"}
    one, other = (SCHEMES[name].delivery_id(posted({"n": number}, **topic)) for number in (1, 2))
    assert one != other


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "gitlab"])
@pytest.mark.parametrize("payload", [{}, {"id": "evt_1", "update_id": 1}])
def test_an_idempotency_key_that_nobody_signed_changes_nothing(name: str, payload: Mapping[str, str]) -> None:
    keyed = posted(payload, idempotency_key="forged")
    assert SCHEMES[name].delivery_id(keyed) == SCHEMES[name].delivery_id(posted(payload))


@pytest.mark.parametrize(
    ("scheme", "sent", "repeated"),
    [
        ("slack", posted({}), False),
        ("slack", posted({}, x_slack_retry_num="1", x_slack_retry_reason="http_timeout"), True),
        ("slack", posted({}, x_slack_retry_num="0"), False),
        ("line", posted({"events": [{"deliveryContext": {"isRedelivery": True}}]}), True),
        ("line", posted({"events": [{"deliveryContext": {"isRedelivery": False}}]}), False),
        ("github", posted({}, x_slack_retry_num="1"), False),
    ],
)
def test_a_repeated_delivery_says_so(scheme: str, sent: Delivery, repeated: bool) -> None:
    assert SCHEMES[scheme].is_repeated(sent) is repeated
