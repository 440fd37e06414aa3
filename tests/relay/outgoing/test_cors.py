import pytest

from relay.incoming.settings import Settings
from relay.outgoing import cors
from tests.requests import received, request

PAGE = "https://www.example.org"


def headers(origins: str, *, method: str = "GET", origin: str = PAGE, asked: str | None = None) -> dict[str, str]:
    sent = {"Origin": origin, **({"Access-Control-Request-Headers": asked} if asked else {})}
    return cors.headers(received(request(method=method, headers=sent)), Settings.read({"cors_origins": origins}))


@pytest.mark.parametrize(
    ("origins", "origin", "given"),
    [
        ("", PAGE, {}),
        (PAGE, PAGE, {"Vary": "Origin", "Access-Control-Allow-Origin": PAGE}),
        (f"https://a.example, {PAGE}", PAGE, {"Vary": "Origin", "Access-Control-Allow-Origin": PAGE}),
        (f"{PAGE}/", PAGE, {"Vary": "Origin", "Access-Control-Allow-Origin": PAGE}),
        ("https://WWW.Example.org", PAGE, {"Vary": "Origin", "Access-Control-Allow-Origin": PAGE}),
        (PAGE, "https://evil.example", {"Vary": "Origin"}),
        (PAGE, "null", {"Vary": "Origin"}),
        (PAGE, PAGE + ".evil.example", {"Vary": "Origin"}),
        ("*", "https://any.example", {"Access-Control-Allow-Origin": "*"}),
    ],
)
def test_only_an_allowed_origin_may_read(origins: str, origin: str, given: dict[str, str]) -> None:
    got = headers(origins, origin=origin)
    got.pop("Access-Control-Expose-Headers", None)
    assert got == given


def test_a_preflight_is_told_what_it_may_send() -> None:
    assert headers(PAGE, method="OPTIONS", asked="authorization, x-stainless-lang") == {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
        "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST, DELETE, PUT",
        "Access-Control-Allow-Headers": "authorization, x-stainless-lang",
        "Access-Control-Max-Age": "600",
    }
