import pytest

from relay.senders import SCHEMES, Delivery, Reply, SignatureError, handshake, verify
from tests.relay.senders.samples import ANSWERED, SENDERS, UNANSWERED
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import NOW

TOKENS = ("first-words", "other-words")
CHALLENGE = posted({"type": "url_verification", "challenge": "x"})
VALIDATION = Delivery(query={"validationToken": "x"})
SUBSCRIPTION = Delivery(
    query={"hub.mode": "subscribe", "hub.verify_token": "other-words", "hub.challenge": "1158201444"}
)


@pytest.mark.parametrize(("name", "delivery", "reply"), ANSWERED.values(), ids=ANSWERED)
def test_a_signed_handshake_is_answered_after_the_check_only(name: str, delivery: Delivery, reply: Reply) -> None:
    scheme, sender = SCHEMES[name], SENDERS[name]
    assert handshake.answer(delivery, scheme.handshakes, signed=False, verify_tokens=TOKENS) is None
    with pytest.raises(SignatureError):
        verify(delivery, scheme.proofs, sender.secrets, NOW)
    signed = sender.deliver(body=delivery.body)
    signed = Delivery(headers={**signed.headers, **delivery.headers}, body=signed.body)
    verify(signed, scheme.proofs, sender.secrets, NOW)
    assert handshake.answer(signed, scheme.handshakes, signed=True) == reply


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        *UNANSWERED,
        *((name, CHALLENGE) for name in SCHEMES if name != "slack"),
        *((name, VALIDATION) for name in SCHEMES if name != "microsoft-graph"),
        *((name, SUBSCRIPTION) for name in SCHEMES if name != "meta"),
    ],
)
def test_anything_else_is_no_handshake(name: str, delivery: Delivery) -> None:
    for signed in (False, True):
        answer = handshake.answer(delivery, SCHEMES[name].handshakes, signed=signed, verify_tokens=TOKENS)
        assert answer is None
