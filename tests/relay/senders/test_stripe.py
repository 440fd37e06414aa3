from dataclasses import replace

import pytest

from relay.senders import Delivery, SignatureError, verify
from relay.senders.signature import MOST_SIGNATURES
from tests.relay.senders.samples import SENDERS
from tests.relay.senders.samples.sender import NOW, SHARED_KEYS

SENDER = SENDERS["stripe"]


def reason(delivery: Delivery, secret: str) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, SENDER.scheme.proofs, [secret], NOW)
    return caught.value.reason


def test_a_header_full_of_signatures_is_not_read_to_its_end() -> None:
    timestamp, signature = SENDER.deliver().headers["stripe-signature"].split(",")
    wrong = [f"v1={'0' * 64}"] * MOST_SIGNATURES
    delivery = replace(SENDER.deliver(), headers={"stripe-signature": ",".join([timestamp, *wrong, signature])})
    assert "does not fit" in reason(delivery, SENDER.secrets[0])


def test_the_signature_of_test_events_proves_nothing() -> None:
    header = SENDER.deliver().headers["stripe-signature"].replace("v1=", "v0=")
    delivery = replace(SENDER.deliver(), headers={"stripe-signature": header})
    assert reason(delivery, SENDER.secrets[0]) == "no signature can be read in stripe-signature"


def test_the_whole_secret_is_the_key() -> None:
    bare = SHARED_KEYS[0].removeprefix("whsec_")
    assert reason(SENDER.deliver(), bare) == "stripe-signature does not fit the body and the secret"
