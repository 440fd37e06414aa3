import pytest

from relay.senders import SCHEMES, Delivery, SignatureError, verify
from tests.relay.senders.samples import SENDERS, standard_webhooks
from tests.relay.senders.samples.sender import BODY, KEYS, NOW, SHARED_KEYS
from tests.relay.senders.samples.standard_webhooks import public

PROOFS = SCHEMES["standard-webhooks"].proofs


def reason(delivery: Delivery, *secrets: str) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, PROOFS, secrets, NOW)
    return caught.value.reason


def test_the_example_of_the_standard_webhooks_libraries() -> None:
    # standard-webhooks/standard-webhooks, the fixed vector of its libraries' tests
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    delivery = Delivery(headers=headers, body=b'{"test": 2432232314}')
    verify(delivery, PROOFS, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], 1614265330)


@pytest.mark.parametrize("prefix", ["whpk_", ""])
def test_nobody_signs_with_the_public_key_however_it_was_pasted(prefix: str) -> None:
    bare = public(KEYS[0]).removeprefix("whpk_")
    forged = Delivery(headers=standard_webhooks.sign(BODY, NOW, bare), body=BODY)
    assert reason(forged, prefix + bare) == (
        "no secret that is set begins with whsec_; no signature can be read in webhook-signature"
    )


@pytest.mark.parametrize("prefix", ["whsec_", ""])
def test_a_public_key_says_that_it_is_one(prefix: str) -> None:
    sent = SENDERS["standard-webhooks, asymmetric"].deliver()
    assert reason(sent, prefix + public(KEYS[0]).removeprefix("whpk_")) == (
        "no signature can be read in webhook-signature; no secret that is set begins with whpk_"
    )


def test_a_secret_says_that_it_is_one_and_is_base64() -> None:
    sent = SENDERS["standard-webhooks"].deliver()
    beside = "; no signature can be read in webhook-signature"
    bare = SHARED_KEYS[0].removeprefix("whsec_")
    assert reason(sent, bare) == "no secret that is set begins with whsec_" + beside
    assert reason(sent, "whsec_no base64!") == "no secret that is set can be a key of this sender" + beside


def test_both_kinds_of_keys_may_be_set() -> None:
    for name in ("standard-webhooks", "standard-webhooks, asymmetric"):
        verify(SENDERS[name].deliver(), PROOFS, [SHARED_KEYS[0], public(KEYS[0])], NOW)


def test_the_padding_of_a_key_may_be_missing() -> None:
    key = SHARED_KEYS[0][:-1] + "A"  # 24 bytes have none: a key of 25 has two
    padded = "whsec_" + key.removeprefix("whsec_") + "AA=="
    sent = Delivery(headers=standard_webhooks.sign(BODY, NOW, padded), body=BODY)
    verify(sent, PROOFS, [padded.rstrip("=")], NOW)


def test_of_asymmetric_signatures_four_are_read_because_each_costs_a_reading_of_the_body() -> None:
    sent = SENDERS["standard-webhooks, asymmetric"].deliver()
    right = sent.headers["webhook-signature"]
    wrong = f"v1a,{'A' * 86}=="
    for before, told in ((3, ""), (4, "webhook-signature does not fit the body and the secret")):
        headers = {**sent.headers, "webhook-signature": " ".join([*[wrong] * before, right])}
        delivery = Delivery(headers=headers, body=sent.body)
        if told:
            assert reason(delivery, public(KEYS[0])).endswith(told)
        else:
            verify(delivery, PROOFS, [public(KEYS[0])], NOW)
