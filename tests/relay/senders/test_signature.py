import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.senders import SCHEMES, Delivery, SignatureError, verify
from relay.senders.proof import MOST_SECRETS
from tests.relay.senders.samples import SENDERS
from tests.relay.senders.samples.sender import BODY, NOW, Sender

EACH = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
TIMED = pytest.mark.parametrize(
    "sender", [s for s in SENDERS.values() if s.timed], ids=[name for name, s in SENDERS.items() if s.timed]
)
SIGNING = pytest.mark.parametrize(
    "sender", [s for s in SENDERS.values() if s.signs_body], ids=[name for name, s in SENDERS.items() if s.signs_body]
)


def reason(delivery: Delivery, sender: Sender, *secrets: str, now: float = NOW) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, sender.scheme.proofs, secrets, now)
    error = caught.value
    assert error.as_dict() == {
        "code": "unauthorized",
        "message": "The signature is missing or wrong.",
        "status": 401,
    }
    return error.reason


def test_every_scheme_has_a_sender_here() -> None:
    assert {sender.scheme.name for sender in SENDERS.values()} == {*SCHEMES, "hmac"}


@EACH
def test_the_senders_own_signature_is_right(sender: Sender) -> None:
    verify(sender.deliver(), sender.scheme.proofs, [sender.secrets[0]], NOW)


@SIGNING
@pytest.mark.parametrize(
    "body",
    [BODY[:-1], BODY + b"\n", b"", BODY.replace("ö".encode(), b"\\u00f6")],
    ids=["cut", "longer", "no", "same JSON"],
)
def test_another_body_is_refused(sender: Sender, body: bytes) -> None:
    told = reason(replace(sender.deliver(), body=body), sender, sender.secrets[0])
    assert "does not fit the body and the secret" in told


@EACH
def test_another_secret_is_refused(sender: Sender) -> None:
    assert reason(sender.deliver(), sender, sender.secrets[1])


@EACH
def test_while_a_secret_is_rotated_both_are_good(sender: Sender) -> None:
    verify(sender.deliver(), sender.scheme.proofs, sender.secrets[::-1], NOW)
    verify(sender.deliver(), sender.scheme.proofs, sender.secrets, NOW)


@EACH
def test_a_bad_secret_does_not_spoil_a_good_one(sender: Sender) -> None:
    verify(sender.deliver(), sender.scheme.proofs, ["ü", "=", "\ud83d", sender.secrets[0]], NOW)


@EACH
@pytest.mark.parametrize("secrets", [(), ("",), (" ", "\n")], ids=["none", "empty", "blank"])
def test_without_a_secret_nothing_is_right(sender: Sender, secrets: tuple[str, ...]) -> None:
    empty = replace(sender.deliver(), headers=dict.fromkeys(sender.deliver().headers, ""))
    assert reason(sender.deliver(), sender, *secrets) == "no secret is set"
    assert reason(empty, sender, *secrets) == "no secret is set"


@EACH
def test_each_header_that_proves_is_needed(sender: Sender) -> None:
    delivery = sender.deliver()
    for name in sender.proving_headers:
        without = {header: value for header, value in delivery.headers.items() if header != name}
        assert f"no {name} header" in reason(replace(delivery, headers=without), sender, sender.secrets[0]) or (
            f"no timestamp in {name}" in reason(replace(delivery, headers=without), sender, sender.secrets[0])
        )


@EACH
def test_a_malformed_header_is_a_wrong_one(sender: Sender) -> None:
    delivery = sender.deliver()
    for name in sender.proving_headers:
        for value in (*sender.malformed, delivery.headers[name] + "x", delivery.headers[name][:-4]):
            assert reason(replace(delivery, headers={**delivery.headers, name: value}), sender, sender.secrets[0])


@TIMED
@pytest.mark.parametrize(
    ("later", "told"),
    [
        (301, "the timestamp is too old"),
        (-301, "the timestamp is in the future"),
        (10**8, "the timestamp is too old"),
    ],
)
def test_a_signature_of_another_time_is_refused(sender: Sender, later: int, told: str) -> None:
    assert told in reason(sender.deliver(), sender, sender.secrets[0], now=NOW + later)


@TIMED
@pytest.mark.parametrize("later", [300, -300, 0.5])
def test_five_minutes_are_granted(sender: Sender, later: float) -> None:
    verify(sender.deliver(), sender.scheme.proofs, [sender.secrets[0]], NOW + later)


@TIMED
def test_the_timestamp_is_under_the_signature(sender: Sender) -> None:
    delivery = sender.deliver()
    newer = {name: value.replace(str(NOW), str(NOW + 1000)) for name, value in delivery.headers.items()}
    assert "does not fit" in reason(replace(delivery, headers=newer), sender, sender.secrets[0], now=NOW + 1000)


@pytest.mark.parametrize(
    ("name", "header", "separator"),
    [
        ("standard-webhooks", "webhook-signature", " "),
        ("standard-webhooks, asymmetric", "webhook-signature", " "),
        ("stripe", "stripe-signature", ","),
    ],
)
def test_any_of_several_signatures_is_enough(name: str, header: str, separator: str) -> None:
    sender = SENDERS[name]
    ours, other = sender.deliver(), sender.sign(sender.body, NOW, sender.secrets[1])
    for both in (ours.headers[header], other[header]), (other[header], ours.headers[header]):
        delivery = replace(ours, headers={**ours.headers, header: separator.join(both)})
        verify(delivery, sender.scheme.proofs, [sender.secrets[0]], NOW)


@EACH
def test_more_secrets_than_can_be_tried_are_none(sender: Sender) -> None:
    others = [f"{sender.secrets[1]}{number}" for number in range(MOST_SECRETS - 1)]
    verify(sender.deliver(), sender.scheme.proofs, [*others, sender.secrets[0]], NOW)
    told = reason(sender.deliver(), sender, sender.secrets[0], *others, "one-too-many")
    assert told == f"more than {MOST_SECRETS} secrets are set"


# Whatever comes

HEADERS = sorted({name for sender in SENDERS.values() for name in sender.proving_headers})
VALUES = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=64).map(bytes.hex),
    st.binary(max_size=64).map(lambda raw: base64.b64encode(raw).decode()),
    st.sampled_from([str(NOW), "v1,", "v0=", f"t={NOW},v1=", "sha256=", "v1a,"]).flatmap(
        lambda start: st.text(max_size=20).map(lambda rest: start + rest)
    ),
)

KEYS = st.builds(
    lambda prefix, raw: prefix + base64.b64encode(raw).decode(),
    st.sampled_from(["", "whsec_", "whpk_"]),
    st.binary(max_size=40),
)


@EACH
@given(
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES),
    body=st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: ('{"value":[' + text + "]}").encode("utf-8", "replace")),
    secrets=st.lists(VALUES, max_size=3),
)
def test_whatever_comes_is_refused_and_nothing_else(
    sender: Sender, headers: dict[str, str], body: bytes, secrets: list[str]
) -> None:
    # what a caller can make up, it can't sign with a secret that is not among the header's values
    assert reason(Delivery(headers=headers, body=body), sender, *(f"{secret}-not-sent" for secret in secrets))


@EACH
@given(secret=st.text(max_size=60) | VALUES | st.binary(min_size=32, max_size=32).map(bytes.hex) | KEYS)
def test_whatever_is_set_as_the_secret_never_breaks_the_check(sender: Sender, secret: str) -> None:
    if secret.strip() != sender.secrets[0]:
        assert reason(sender.deliver(), sender, secret)
