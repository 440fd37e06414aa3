from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request

from relay.errors import Forbidden, InvalidParam, RelayError, Unauthorized
from relay.incoming import session
from relay.incoming.session import EMBEDDED, LIFE, NAME, How, holds, let_in, token
from relay.incoming.settings import Settings
from tests.requests import get, post, received, request

NOW = 1_800_000_000.5
KEY = "quack-quack-quack"
KEYED = Settings.read({"api_key": f"another-one, {KEY}"})
TOKEN = token(KEY, "endpoint", NOW)  # the endpoint of tests.requests
COOKIE = {"Cookie": f"{NAME}={TOKEN}"}
HERE = {"Sec-Fetch-Site": "same-origin"}


def sent(method: str, headers: Mapping[str, str]) -> Request:
    return request("/deliveries", method=method, headers=dict(headers))


def refused(call: Request, settings: Settings = KEYED, now: float = NOW) -> type[RelayError]:
    with pytest.raises(RelayError) as caught:
        let_in(received(call), settings, now)
    assert KEY not in caught.value.message
    return type(caught.value)


def test_a_token_says_when_it_ends_and_nothing_of_the_key() -> None:
    expires, _, proof = TOKEN.partition(".")
    assert int(expires) == 1_800_000_000 + LIFE
    assert (len(proof), proof.strip("0123456789abcdef")) == (64, "")
    assert token(KEY, "endpoint", NOW) == TOKEN


@pytest.mark.parametrize(
    "header",
    [
        f"{NAME}={TOKEN}",
        f"a=b; {NAME}={TOKEN} ;c=d",
        f"{NAME}=wrong; {NAME}={TOKEN}",
        f"{NAME}={token('another-one', 'endpoint', NOW)}",
        f"{NAME}; ;=;{NAME}={TOKEN}",
    ],
    ids=["alone", "among others", "behind one of another folder", "of another key that is good", "malformed ones"],
)
def test_a_browser_with_the_cookie_is_let_in(header: str) -> None:
    assert holds(header, KEYED, "endpoint", NOW)


@pytest.mark.parametrize(
    "value",
    [
        "",
        KEY,
        ".",
        token("old-key", "endpoint", NOW),
        token(KEY, "another endpoint", NOW),
        token("", "endpoint", NOW),
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN.upper() + " ",
        f"9{TOKEN}",
        f"0{TOKEN}",
        f'"{TOKEN}"',
        TOKEN.replace(".", "\u0663."),
        f"{int(NOW) + 2 * LIFE}.{TOKEN.partition('.')[2]}",
        TOKEN.replace("1", "\u00b9"),
    ],
)
def test_any_other_value_does_not_let_in(value: str) -> None:
    assert not holds(f"{NAME}={value}", KEYED, "endpoint", NOW)


def test_another_name_does_not_let_in() -> None:
    assert not holds(f"duck={TOKEN}; {NAME}2={TOKEN}; {NAME.upper()}={TOKEN}", KEYED, "endpoint", NOW)


def test_a_session_ends_after_its_time_and_with_its_key() -> None:
    header = COOKIE["Cookie"]
    assert holds(header, KEYED, "endpoint", NOW + LIFE - 1)
    assert not holds(header, KEYED, "endpoint", NOW + LIFE)
    assert not holds(header, Settings.read({"api_key": "another-one, new"}), "endpoint", NOW)
    assert not holds(header, Settings(), "endpoint", NOW)


def test_few_cookies_are_looked_at() -> None:
    many = f"{NAME}=wrong; " * session.MOST_COOKIES
    assert not holds(f"{many}{NAME}={TOKEN}", KEYED, "endpoint", NOW)
    assert not holds(f"{'x' * session.LONGEST_HEADER}; {NAME}={TOKEN}", KEYED, "endpoint", NOW)


@given(st.text() | st.text(f"{NAME}=.;0123456789abcdef ", max_size=200))
def test_no_header_raises(header: str) -> None:
    assert not holds(header, KEYED, "endpoint", NOW)
    assert not holds(f"{NAME}={header}", KEYED, "endpoint", NOW)


@pytest.mark.parametrize("access", ["key", "signature", "public"])
def test_under_every_access_it_is_the_key_that_lets_in(access: str) -> None:
    settings = Settings.read({"access": access, "api_key": KEY})
    for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}):
        assert let_in(received(get(headers=headers)), settings, NOW) is How.KEY
    assert let_in(received(get(f"key={KEY}")), settings, NOW) is How.KEY
    assert let_in(received(get(headers=COOKIE)), settings, NOW) is How.COOKIE
    assert refused(get(), settings) is Unauthorized


def test_a_key_that_is_wrong_is_refused_whatever_the_cookie_proves() -> None:
    assert refused(get("key=wrong", COOKIE)) is Unauthorized


@pytest.mark.parametrize("access", ["key", "signature", "public"])
def test_without_a_key_set_nobody_is_let_in_and_is_told_why(access: str) -> None:
    with pytest.raises(Unauthorized, match="has none yet: set api_key"):
        let_in(received(get(f"key={KEY}", COOKIE)), Settings.read({"access": access}), NOW)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": "http://LOCALHOST:8080"},
        {"Origin": "https://dify.example.org:8443", "Host": "dify.example.org:8443"},
        {"Origin": "https://dify.example.org", "Host": "dify.example.org:443"},
        {"Origin": "http://[::1]:5001", "Host": "[::1]:5001"},
    ],
    ids=["fetch metadata", "it decides", "origin", "host without its port", "same port", "usual port", "IPv6"],
)
def test_what_the_page_itself_sends_is_done(method: str, headers: dict[str, str]) -> None:
    assert let_in(received(sent(method, {**COOKIE, **headers})), KEYED, NOW) is How.COOKIE


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://localhost:8080", "Host": "localhost:5001"},
        {"Origin": "http://localhost", "Host": "localhost:5001"},
        {"Origin": "http://localhost:x"},
        {"Origin": "http://[localhost"},
        {"Origin": "http://", "Host": ""},
    ],
)
def test_what_another_sites_page_sends_through_that_browser_is_not(method: str, headers: dict[str, str]) -> None:
    call = sent(method, {**COOKIE, **headers})
    assert refused(call) is Forbidden


def test_who_holds_the_key_itself_may_send_from_anywhere() -> None:
    headers = {**COOKIE, "Sec-Fetch-Site": "cross-site", "X-API-Key": KEY}
    assert let_in(received(sent("POST", headers)), KEYED, NOW) is How.KEY


def test_a_link_on_another_site_shows_the_page_and_a_script_or_a_frame_there_gets_nothing() -> None:
    visit = {**COOKIE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert let_in(received(get(headers=visit)), KEYED, NOW) is How.COOKIE
    for dest in ("empty", "iframe", "image", "script", "object"):
        for site in ("cross-site", "same-origin"):
            headers = {**COOKIE, "Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest}
            assert refused(get(headers=headers)) is Unauthorized


def form(body: bytes | str, content_type: str = "application/x-www-form-urlencoded") -> Request:
    return post(body, content_type)


def test_the_form_gives_a_session_for_the_key_that_was_entered() -> None:
    assert session.sign_in(received(form(f"key={KEY}")), KEYED, NOW) == TOKEN
    assert session.sign_in(received(form(f"key=+{KEY}%0A")), KEYED, NOW) == TOKEN  # copied with what stood around it
    assert session.sign_in(received(form("key=another-one")), KEYED, NOW) == token("another-one", "endpoint", NOW)


@pytest.mark.parametrize(
    "call",
    [
        form(""),
        form("key="),
        form("key=wrong"),
        form(f"key=another-one, {KEY}"),
        form(f"key={KEY}&key={KEY}"),
        form(f"other={KEY}"),
        form("key=%F0%9F%A6%86"),
        post('{"key": null}'),
        post("[1]"),
        post("quack", "text/plain"),
    ],
)
def test_the_form_gives_none_for_anything_else(call: Request) -> None:
    with pytest.raises(Unauthorized, match=r"^The key is wrong\.$"):
        session.sign_in(received(call), KEYED, NOW)


def test_the_form_says_when_no_key_is_set_and_when_it_cannot_be_read() -> None:
    with pytest.raises(Unauthorized, match="set api_key"):
        session.sign_in(received(form("key=")), Settings(), NOW)
    with pytest.raises(InvalidParam):
        session.sign_in(received(form("key=%FF")), KEYED, NOW)


def test_the_cookie_is_for_this_folder_of_this_site_and_no_script() -> None:
    attributes = "HttpOnly; SameSite=Lax"
    assert session.set_cookie(TOKEN, secure=False) == f"{NAME}={TOKEN}; Max-Age=43200; {attributes}"
    assert session.set_cookie(TOKEN, secure=True) == f"{NAME}={TOKEN}; Max-Age=43200; {attributes}; Secure"
    assert session.clear_cookie(secure=True) == f"{NAME}=; Max-Age=0; {attributes}; Secure"
    assert session.clear_cookie(secure=False) == f"{NAME}=; Max-Age=0; {attributes}"


@pytest.mark.parametrize(
    ("headers", "relay_url", "secure"),
    [
        ({}, "", False),
        ({}, "http://127.0.0.1:5001/e/hook", False),
        ({}, "HTTPS://dify.example.org/e/hook", True),
        ({"Origin": "https://dify.example.org"}, "http://api:5001/e/hook", True),
        ({"Origin": "http://10.0.0.1"}, "https://dify.example.org/e/hook", False),
        ({"Origin": "null"}, "", False),
    ],
)
def test_it_goes_by_https_alone_where_the_browser_came_by_it(
    headers: dict[str, str], relay_url: str, secure: bool
) -> None:
    settings = Settings.read({"relay_url": relay_url})
    assert session.is_secure(received(sent("POST", headers)), settings) is secure


# --- in a frame, and without a cookie


def test_in_a_frame_the_cookie_is_kept_apart_for_the_site_around_it() -> None:
    attributes = "HttpOnly; SameSite=None; Secure; Partitioned"
    kept = session.set_cookie(TOKEN, secure=False, framed=True)
    assert kept == f"{EMBEDDED}={TOKEN}; Max-Age=43200; {attributes}"
    assert session.clear_cookie(secure=False, framed=True) == f"{EMBEDDED}=; Max-Age=0; {attributes}"


@pytest.mark.parametrize(
    ("dest", "names"),
    [
        ("", (NAME,)),
        ("document", (NAME,)),
        ("iframe", (EMBEDDED,)),
        ("frame", (EMBEDDED,)),
        ("empty", ()),
        ("object", ()),
        ("embed", ()),
        ("image", ()),
    ],
)
def test_the_cookie_that_counts_is_that_of_the_place(dest: str, names: tuple[str, ...]) -> None:
    headers = {"Sec-Fetch-Dest": dest} if dest else {}
    assert session.names_of(received(get(headers=headers))) == names


def test_one_places_cookie_is_not_the_others() -> None:
    assert holds(f"{EMBEDDED}={TOKEN}", KEYED, "endpoint", NOW) == 0
    assert holds(f"{EMBEDDED}={TOKEN}", KEYED, "endpoint", NOW, (EMBEDDED,)) == 2
    assert holds(f"{NAME}={TOKEN}", KEYED, "endpoint", NOW, ()) == 0


def test_a_forms_token_is_no_cookie_and_a_cookie_no_token() -> None:
    form_token = session.form_token(KEY, "endpoint", NOW)
    assert session.proves(form_token, KEYED, "endpoint", NOW) == 2
    assert session.proves(form_token, KEYED, "endpoint", NOW + LIFE) == 0
    assert session.proves(form_token, KEYED, "another", NOW) == 0
    assert session.proves(TOKEN, KEYED, "endpoint", NOW) == 0
    assert not holds(f"{NAME}={form_token}", KEYED, "endpoint", NOW)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"duck.page=1&duck.token={TOKEN}&query=x", True),
        (f"duck.token={TOKEN}", True),
        (f'--b\r\nContent-Disposition: form-data; name="duck.token"\r\n\r\n{TOKEN}\r\n--b--', True),
        ("", False),
        (f"xduck.token={TOKEN}", False),
        (f"duck.token={TOKEN}0", False),
        (f'name="duck.tokens"\r\n\r\n{TOKEN}\r\n', False),
    ],
)
def test_a_token_is_found_without_reading_the_form(body: str, found: bool) -> None:
    assert session.carried(received(form(body))) == (TOKEN if found else "")


def test_a_token_is_looked_for_where_our_form_has_it_alone() -> None:
    for before, found in ((session.FIRST_FIELDS // 2, TOKEN), (session.FIRST_FIELDS, "")):
        assert session.carried(received(form(f"a={'x' * before}&duck.token={TOKEN}"))) == found


@pytest.mark.parametrize(
    ("host", "secure"),
    [("dify.example.org", True), ("localhost:5001", False), ("127.0.0.1", False), ("[::1]:5001", False), ("", False)],
)
def test_a_browser_that_says_where_it_comes_from_came_by_https(host: str, secure: bool) -> None:
    heard = received(sent("GET", {"Sec-Fetch-Site": "none", "Host": host}))
    assert session.is_secure(heard, Settings()) is secure
