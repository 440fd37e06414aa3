from relay.senders import SCHEMES, Delivery, verify
from tests.relay.senders.samples.sender import NOW


def test_githubs_example() -> None:
    # GitHub docs, "Validating webhook deliveries: Testing the webhook payload validation"
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    delivery = Delivery(headers={"x-hub-signature-256": signature}, body=b"Hello, World!")
    verify(delivery, SCHEMES["github"].proofs, ["It's a Secret to Everybody"], NOW)
