import pytest

from relay.senders import Delivery, hmac, verify
from tests.relay.senders.samples import SENDERS
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import BODY, NOW, WORDS


@pytest.mark.parametrize(
    ("choice", "named"),
    [
        ({"header": ""}, "header"),
        ({"header": "x sign"}, "header"),
        ({"header": "x_sign"}, "header"),
        ({"header": "x-sïgn"}, "header"),
        ({"algorithm": "md5"}, "algorithm"),
        ({"algorithm": ""}, "algorithm"),
        ({"encoding": "base32"}, "encoding"),
    ],
)
def test_a_choice_that_does_not_exist_is_named(choice: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named} must be"):
        hmac(**{"header": "x-sign", **choice})


def test_the_scheme_is_the_same_for_the_same_choices() -> None:
    assert hmac(header=" X-Sign ") == hmac(header="x-sign", algorithm="sha256", encoding="hex", prefix="")
    assert hmac(header="x-sign") != hmac(header="x-sign", algorithm="sha1")


def test_hex_may_be_in_capitals() -> None:
    github = SENDERS["github"].deliver().headers["x-hub-signature-256"].removeprefix("sha256=")
    verify(Delivery(headers={"x-sign": github.upper()}, body=BODY), hmac(header="x-sign").proofs, [WORDS[0]], NOW)


def test_a_delivery_is_known_by_its_key_and_its_body() -> None:
    scheme = hmac(header="x-sign")
    sent, again, under_another_key, with_another_body = (
        scheme.delivery_id(posted({"n": n}, idempotency_key=key))
        for n, key in ((1, "k"), (1, "k"), (1, "l"), (2, "k"))
    )
    assert sent == again
    assert len({sent, under_another_key, with_another_body}) == 3, "two events with the same body are two"


def test_without_a_key_two_equal_bodies_may_be_two_events() -> None:
    assert hmac(header="x-sign").delivery_id(posted({"n": 1})) is None
