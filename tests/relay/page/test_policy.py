from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppFailed
from relay.page import policy, problem, sign_in, start
from relay.page.view import View
from tests.relay.page.document import Document, view, written


def directives(**given_: object) -> dict[str, str]:
    told = policy.headers(**given_)["Content-Security-Policy"]  # type: ignore[arg-type]
    return dict(one.split(" ", 1) for one in told.split("; "))


def pages(of: View) -> Sequence[bytes]:
    return [
        start.page(of).encode(),
        problem.page(AppFailed("It failed."), of, owner=True),
        sign_in.page(of, to="").encode(),
        written([], "Quack?", of=of),
    ]


@pytest.mark.parametrize("accent", ["", "#0b6e4f"])
def test_each_style_of_each_page_is_allowed_by_its_hash_and_no_other(accent: str) -> None:
    allowed = directives(accent=accent)["style-src"]
    for page in pages(view(accent=accent)):
        hashes = [b64encode(sha256(one.encode()).digest()).decode() for one in Document(page).styles]
        assert allowed == " ".join(f"'sha256-{one}'" for one in hashes)
        assert len(hashes) == 1 + bool(accent)
        assert b" style=" not in page


def test_a_page_may_do_nothing_else() -> None:
    told = directives()
    assert {name: value for name, value in told.items() if name != "style-src"} == {
        "default-src": "'none'",
        "img-src": "data:",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }


def test_pictures_come_from_the_hosts_that_the_owner_named() -> None:
    assert directives(image_hosts=["b.example:8443", "*.a.example"])["img-src"] == (
        "data: https://*.a.example https://b.example:8443"
    )
    assert directives(image_hosts=["a.example", "*"])["img-src"] == "data: https:"


def test_who_may_frame_a_page_is_whose_pages_may_call() -> None:
    alone = policy.headers()
    assert alone["X-Frame-Options"] == "SAMEORIGIN"
    framed = policy.headers(framed_by=frozenset({"https://b.example", "https://a.example:8443"}))
    assert framed["Content-Security-Policy"].endswith(
        "frame-ancestors 'self' https://a.example:8443 https://b.example"
    )
    assert "X-Frame-Options" not in framed
    every = policy.headers(framed_by=frozenset({"*", "https://a.example"}))
    assert every["Content-Security-Policy"].endswith("frame-ancestors *")
    assert "X-Frame-Options" not in every


def test_whoever_opened_a_page_can_not_steer_it() -> None:
    assert policy.headers()["Cross-Origin-Opener-Policy"] == "same-origin"


HOSTILE = (
    "https://a.example; script-src *",
    "a.example 'unsafe-inline'",
    "'unsafe-inline'",
    "data:",
    "x\r\ny",
    "",
    ";",
)


@given(st.lists(st.sampled_from(HOSTILE) | st.text(), max_size=3))
def test_nothing_that_is_no_host_and_no_origin_gets_into_it(texts: list[str]) -> None:
    hostile = [text for text in texts if not text.isascii() or not text.replace(".", "").replace("-", "").isalnum()]
    told = directives(
        image_hosts=[one for one in hostile if one != "*"], framed_by=[one for one in hostile if one != "*"]
    )
    assert {*told} == {*directives()}
    assert told["frame-ancestors"].split()[0] == "'self'"
    assert "unsafe" not in " ".join(told.values())
