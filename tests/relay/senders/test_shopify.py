from relay.senders import SCHEMES
from tests.relay.senders.samples.post import posted


def test_two_topics_that_say_the_same_are_two_deliveries_whatever_ids_they_bear() -> None:
    created, paid, replayed = (
        SCHEMES["shopify"].delivery_id(posted({"id": 1}, x_shopify_topic=topic, x_shopify_webhook_id=given))
        for topic, given in (("orders/create", "1"), ("orders/paid", "1"), ("orders/create", "forged"))
    )
    assert created == replayed
    assert created != paid
