import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.senders import SCHEMES, Delivery, SignatureError, table, verify
from relay.senders.proof import MOST_SIGNATURES
from tests.relay.senders.senders import BODY, DISCORD_KEYS, NOW, SENDERS, STANDARD_WORDS, WORDS, Sender, public

EACH = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
TIMED = pytest.mark.parametrize(
    "sender", [s for s in SENDERS.values() if s.timed], ids=[name for name, s in SENDERS.items() if s.timed]
)
SIGNING = pytest.mark.parametrize(
    "sender", [s for s in SENDERS.values() if s.signs_body], ids=[name for name, s in SENDERS.items() if s.signs_body]
)


def reason(delivery: Delivery, sender: Sender, *secrets: str, now: float = NOW) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, sender.scheme, secrets, now)
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
    verify(sender.deliver(), sender.scheme, [sender.secrets[0]], NOW)


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
    verify(sender.deliver(), sender.scheme, sender.secrets[::-1], NOW)
    verify(sender.deliver(), sender.scheme, sender.secrets, NOW)


@EACH
def test_a_bad_secret_does_not_spoil_a_good_one(sender: Sender) -> None:
    verify(sender.deliver(), sender.scheme, ["ü", "=", "\ud83d", sender.secrets[0]], NOW)


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
    verify(sender.deliver(), sender.scheme, [sender.secrets[0]], NOW + later)


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
        verify(delivery, sender.scheme, [sender.secrets[0]], NOW)


def test_a_header_full_of_signatures_is_not_read_to_its_end() -> None:
    sender = SENDERS["stripe"]
    timestamp, signature = sender.deliver().headers["stripe-signature"].split(",")
    wrong = [f"v1={'0' * 64}"] * MOST_SIGNATURES
    delivery = replace(sender.deliver(), headers={"stripe-signature": ",".join([timestamp, *wrong, signature])})
    assert "does not fit" in reason(delivery, sender, sender.secrets[0])


def test_stripes_signature_of_test_events_proves_nothing() -> None:
    sender = SENDERS["stripe"]
    header = sender.deliver().headers["stripe-signature"].replace("v1=", "v0=")
    delivery = replace(sender.deliver(), headers={"stripe-signature": header})
    assert reason(delivery, sender, sender.secrets[0]) == "no signature can be read in stripe-signature"


def test_nobody_signs_with_the_public_key() -> None:
    sender = SENDERS["standard-webhooks"]
    known = public(DISCORD_KEYS[0])
    forged = sender.sign(BODY, NOW, known.removeprefix("whpk_"))
    assert reason(Delivery(headers=forged, body=BODY), sender, known) == (
        "no secret that is set can be a key of this scheme; no signature can be read in webhook-signature"
    )


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        None,
        "first-words",
        [None],
        [{}],
        [{"clientState": None}],
        [{"clientState": ["first-words"]}],
        [{"clientState": "first-words"}, {"clientState": "forged"}],
        [{"clientState": "first-words"}, {}],
    ],
)
def test_every_notification_of_graph_must_hold_the_secret(value: object) -> None:
    delivery = Delivery(headers={"content-type": "application/json"}, body=json.dumps({"value": value}).encode())
    assert reason(delivery, SENDERS["microsoft-graph"], WORDS[0])


def test_a_public_key_says_what_it_is() -> None:
    # without whpk_ it is a shared secret, of which only the sender's own signature may come
    sender = SENDERS["standard-webhooks, asymmetric"]
    assert reason(sender.deliver(), sender, sender.secrets[0].removeprefix("whpk_"))


def test_a_secret_is_taken_as_it_is_but_for_standard_webhooks() -> None:
    # Stripe's key is the whole text, whsec_ included; Standard Webhooks' is what stands after it in base64
    stripe = SENDERS["stripe"]
    assert reason(stripe.deliver(), stripe, STANDARD_WORDS[0].removeprefix("whsec_"))
    standard = SENDERS["standard-webhooks"]
    verify(standard.deliver(), standard.scheme, [STANDARD_WORDS[0].removeprefix("whsec_")], NOW)
    assert reason(standard.deliver(), standard, "no base64!") == (
        "no secret that is set can be a key of this scheme; no signature can be read in webhook-signature"
    )


def test_hex_may_be_in_capitals() -> None:
    scheme = table.hmac(header="x-sign")
    github = SENDERS["github"].deliver().headers["x-hub-signature-256"].removeprefix("sha256=")
    verify(Delivery(headers={"x-sign": github.upper()}, body=BODY), scheme, [WORDS[0]], NOW)


# Published examples


def test_githubs_example() -> None:
    # GitHub docs, "Validating webhook deliveries: Testing the webhook payload validation"
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    delivery = Delivery(headers={"x-hub-signature-256": signature}, body=b"Hello, World!")
    verify(delivery, SCHEMES["github"], ["It's a Secret to Everybody"], NOW)


def test_the_example_of_the_standard_webhooks_libraries() -> None:
    # standard-webhooks/standard-webhooks, the fixed vector of its libraries' tests
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    delivery = Delivery(headers=headers, body=b'{"test": 2432232314}')
    verify(delivery, SCHEMES["standard-webhooks"], ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], 1614265330)


def test_slacks_example() -> None:
    # Slack docs, "Verifying requests from Slack"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    delivery = Delivery(headers=headers, body=body)
    verify(delivery, SCHEMES["slack"], ["8f742231b10e8888abcd99yyyzzz85a5"], 1531420618)


def test_lines_example() -> None:
    # line/line-bot-sdk-python, tests of SignatureValidator
    headers = {"x-line-signature": "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="}
    verify(Delivery(headers=headers, body=b"bodybodybodybody"), SCHEMES["line"], ["channel_secret"], NOW)


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
