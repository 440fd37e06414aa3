import pytest

from relay.senders import SCHEMES, Delivery, SignatureError, verify
from tests.relay.senders.samples import standard_webhooks
from tests.relay.senders.samples.sender import BODY, NOW, SHARED_KEYS


def reason(delivery: Delivery, secret: str) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, SCHEMES["gitlab"].proofs, [secret], NOW)
    return caught.value.reason


def test_a_signing_token_signs_and_is_never_sent() -> None:
    sent = Delivery(headers={"x-gitlab-token": SHARED_KEYS[0]}, body=BODY)
    assert reason(sent, SHARED_KEYS[0]) == "no webhook-signature header; x-gitlab-token is not the secret"


def test_a_secret_token_is_sent_and_never_signs() -> None:
    bare = SHARED_KEYS[0].removeprefix("whsec_")
    signed = Delivery(headers=standard_webhooks.sign(BODY, NOW, bare), body=BODY)
    assert reason(signed, bare) == "no secret that is set begins with whsec_; no x-gitlab-token header"
