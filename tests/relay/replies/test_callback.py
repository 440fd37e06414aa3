"""Callbacks, read by the library that Standard Webhooks publishes for receivers."""

import time
from base64 import b64encode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from relay.outward import INSIDE, Request, Response
from relay.replies.callback import LONGEST, Reach, judge, permitted, request
from relay.replies.channel import Outcome, Verdict

ID = "0123456789abcdef0123456789abcdef"
OLD, NEW, OTHER = (f"whsec_{b64encode(bytes([number] * 32)).decode()}" for number in range(3))
URL = "https://hooks.example/in"
BODY = '{"answer":"Quak, „é“"}'.encode()


def test_a_callback_is_a_signed_post_that_may_be_repeated() -> None:
    # standard-webhooks/standard-webhooks, the fixed vector of its libraries' tests
    body, secret = b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    id_ = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    expected = Request(what="callback", url=URL, headers=headers, content=body, repeatable=True)
    assert request(URL, body, secrets=[secret], delivery_id=id_, now=1614265330.9) == expected


def test_while_one_secret_replaces_another_both_are_good_and_no_third() -> None:
    sent = request(URL, BODY, secrets=[OLD, NEW], delivery_id=ID, now=time.time())
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(sent.content, dict(sent.headers)) == {"answer": "Quak, „é“"}
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(sent.content, dict(sent.headers))


@pytest.mark.parametrize("change", [{"webhook-id": "f" * 32}, {"webhook-timestamp": str(int(time.time()) - 1)}])
def test_the_signature_covers_id_and_time(change: dict[str, str]) -> None:
    sent = request(URL, BODY, secrets=[NEW], delivery_id=ID, now=time.time())
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(sent.content, {**sent.headers, **change})


def test_without_a_secret_nothing_is_signed() -> None:
    assert request(URL, BODY, secrets=[], delivery_id=ID, now=5.0).headers == {
        "webhook-id": ID,
        "webhook-timestamp": "5",
    }


@given(body=st.binary(max_size=200), key=st.binary(min_size=24, max_size=64), padded=st.booleans())
def test_whoever_has_the_secret_can_check_any_body(body: bytes, key: bytes, padded: bool) -> None:
    secret = "whsec_" + b64encode(key).decode()
    sent = request(URL, body, secrets=[secret if padded else secret.rstrip("=")], delivery_id=ID, now=time.time())
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return  # the library signs texts
    Webhook(secret).verify(text, dict(sent.headers), json_parse=False)


LISTED = frozenset({"http://n8n.internal:5678", "https://a.example", "http://[::1]:3000"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://b.example/x?y=1", Reach.PUBLIC),
        ("https://b.example:8443", Reach.PUBLIC),
        ("HTTPS://B.example?x", Reach.PUBLIC),
        ("https://127.0.0.1/", Reach.PUBLIC),  # refused when it is connected to
        ("http://b.example/", Reach.REFUSED),
        ("https://a.example/in", Reach.LISTED),
        ("https://A.Example:443/in", Reach.LISTED),
        ("https://a.example:444/in", Reach.PUBLIC),
        ("http://a.example/in", Reach.REFUSED),
        ("http://n8n.internal:5678/webhook/1", Reach.LISTED),
        ("http://n8n.internal:5679/", Reach.REFUSED),
        ("http://n8n.internal/", Reach.REFUSED),
        ("http://[::1]:3000/", Reach.LISTED),
        ("http://n8n.internal:5678@evil.example/", Reach.REFUSED),
        ("http://n8n.internal:5678\\@evil.example/", Reach.REFUSED),
        ("https://a.example\\.evil.example/", Reach.REFUSED),
        ("https://user:pass@b.example/", Reach.REFUSED),
        ("https://b.example/#x", Reach.REFUSED),
        ("https://b.example/a b", Reach.REFUSED),
        ("https://b.example/\n", Reach.REFUSED),
        ("https://b.example/\u2028", Reach.REFUSED),
        ("https://faß.example/", Reach.REFUSED),
        ("https://\u212abc.example/", Reach.REFUSED),
        ("http\u017f://b.example/", Reach.REFUSED),
        ("https://b.example:99999/", Reach.REFUSED),
        ("https://b.example:x/", Reach.REFUSED),
        ("https:///x", Reach.REFUSED),
        ("https://[::1/", Reach.REFUSED),
        ("https://[:::]/", Reach.REFUSED),
        ("ftp://b.example/", Reach.REFUSED),
        ("//b.example/", Reach.REFUSED),
        ("", Reach.REFUSED),
        ("https://b.example/".ljust(LONGEST, "x"), Reach.PUBLIC),
        ("https://b.example/".ljust(LONGEST + 1, "x"), Reach.REFUSED),
    ],
)
def test_a_callback_goes_to_https_or_to_what_the_owner_lists(url: str, expected: Reach) -> None:
    assert permitted(url, origins=LISTED, listed=False) is expected
    foreign = expected if expected is Reach.LISTED else Reach.REFUSED
    assert permitted(url, origins=LISTED, listed=True) is foreign


@given(st.text("an8.:@/\\?#[]%5 \t\n\u2025\u017f\u212a", max_size=20))
def test_whoever_reads_a_listed_address_finds_the_listed_origin_in_it(tail: str) -> None:
    url = f"http://n8n.internal:5678{tail}"
    if permitted(url, origins=LISTED, listed=True) is Reach.LISTED:
        try:
            found = httpx.URL(url)  # what sends it
        except httpx.InvalidURL:
            return  # nothing does
        assert (found.scheme, found.host, found.port, found.userinfo) == ("http", "n8n.internal", 5678, b"")


@pytest.mark.parametrize(
    ("response", "outcome", "reason"),
    [
        (Response(status=200), Outcome.DONE, ""),
        (Response(status=204), Outcome.DONE, ""),
        (Response(status=301), Outcome.NEVER, "it redirects (301)"),
        (Response(status=400), Outcome.NEVER, "it was refused (400)"),
        (Response(status=410), Outcome.NEVER, "the address wants no callbacks any more (410)"),
        (Response(status=429), Outcome.AGAIN, "it answered 429"),
        (Response(status=500), Outcome.AGAIN, "it answered 500"),
        (Response(status=103), Outcome.AGAIN, "it answered 103"),
        (Response(problem="the connection broke off"), Outcome.AGAIN, "the connection broke off"),
        (
            Response(arrived=False, problem=INSIDE),
            Outcome.NEVER,
            "its address is not a public one, and callback_hosts does not list it",
        ),
    ],
)
def test_what_came_back_means(response: Response, outcome: Outcome, reason: str) -> None:
    assert judge(Request(what="callback"), response) == Verdict(outcome=outcome, reason=reason)
