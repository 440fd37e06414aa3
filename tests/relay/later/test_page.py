from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.later import page
from relay.later.account import Step
from relay.later.check import Check, Status
from relay.later.shown import LATEST, Shown
from tests.markup import Element, Page

NOW = 1_800_000_700.0
EVIL = "<script>alert(1)</script>\"'&</style></main><img src=x onerror=alert(2)>{{ 7 * 7 }}\u202e\x00\ud800"


def read(source: str) -> Element:
    return Page(source).root


def shown(**given: Any) -> Shown:
    return Shown(**{"id": "d1", "state": "done", "app": "app", "accepted": 1_800_000_000.0, **given})


def source(sheet: str) -> str:
    return f"'sha256-{b64encode(sha256(sheet.encode()).digest()).decode()}'"


def texts(root: Element, tag: str) -> list[str]:
    return [one.words for one in root.all(tag)]


def forms(root: Element) -> list[tuple[str | None, str | None, str]]:
    """Give each form's method, address and button."""
    return [(one.get("method"), one.get("action"), *texts(one, "button")) for one in root.all("form")]  # type: ignore[misc]


def refreshes(root: Element) -> list[str | None]:
    return [one.get("content") for one in root.all("meta") if one.get("http-equiv") == "refresh"]


def skeleton(root: Element) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    found = []
    for one in root.inside:
        if isinstance(one, Element):
            found += [(one.tag, tuple(one.attributes.items())), *skeleton(one)]
    return found


def of(word: str) -> list[str]:
    """Give every page, with a word in all places that somebody else may have written."""
    everything = shown(
        state="failed",
        failed=word,
        app=word,
        sender=word,
        destination=word,
        text=word,
        error=word,
        steps=[Step(at=1_800_000_001.0, what=word, result=word)],
        notes=[word],
    )
    return [
        page.sign_in(word, to="a" * 32),
        page.overview([everything, shown(text=word, app=word, sender=word)], now=NOW),
        page.delivery(everything, now=NOW),
        page.delivery(shown(id="d1", state="running", text=word, destination=word), now=NOW),
        page.checks([Check(name=word, status=Status.PROBLEM, sentence=word)]),
    ]


def test_nothing_that_others_wrote_is_more_than_text() -> None:
    for evil, plain in zip(of(EVIL), of("word"), strict=True):
        assert skeleton(read(evil)) == skeleton(read(plain))


@given(st.text())
def test_whatever_others_wrote_the_page_has_the_same_elements(word: str) -> None:
    text = f"x{word}"  # an empty one leaves its element out
    for written, plain in zip(of(text), of("word"), strict=True):
        assert skeleton(read(written)) == skeleton(read(plain))


def test_half_a_character_goes_out_as_what_can_be_encoded() -> None:
    assert b"alert(2)&gt;{{ 7 * 7 }}" in page.respond(page.sign_in(EVIL)).get_data()


def test_an_id_and_a_state_that_can_not_be_stay_in_their_attributes() -> None:
    wrong = shown(id=EVIL[:-1], state=EVIL[:-1])
    for source in (page.overview([wrong], now=NOW), page.delivery(wrong, now=NOW)):
        assert {"script", "img"}.isdisjoint(tag for tag, _ in skeleton(read(source)))


def test_the_form_asks_for_the_key_in_a_labelled_field_that_hides_it() -> None:
    root = read(page.sign_in(page.WRONG_KEY, to="a" * 32, depth=1))
    assert forms(root) == [("post", "../deliveries", "Sign in")]
    key, to = root.all("input")
    assert key.attributes == {
        "id": "key",
        "name": "key",
        "type": "password",
        "autocomplete": "current-password",
        "required": None,
        "autofocus": None,
    }
    assert to.attributes == {"type": "hidden", "name": "to", "value": "a" * 32}
    assert [(one.get("for"), one.words) for one in root.all("label")] == [("key", "API key")]
    assert [one.words for one in root.all("p") if one.get("role") == "alert"] == [page.WRONG_KEY]


def test_the_form_leads_to_the_list_from_wherever_it_stands() -> None:
    assert [forms(read(page.sign_in(depth=depth)))[0][1] for depth in (0, 1, 2)] == [
        "deliveries",
        "../deliveries",
        "../../deliveries",
    ]


def test_the_first_form_reproaches_nobody() -> None:
    root = read(page.sign_in())
    assert forms(root) == [("post", "deliveries", "Sign in")]
    assert [one.get("name") for one in root.all("input")] == ["key"]
    assert [one.words for one in root.all("p") if one.get("role") == "alert"] == []


@pytest.mark.parametrize(
    "to", [None, 7, ["d1"], "", "..", "d1/../x", "//evil.example", "https://evil.example", "a" * 65, "d1\n", "ä"]
)
def test_only_a_delivery_is_where_the_form_leads(to: object) -> None:
    assert page.destination(to) == ""
    assert page.destination("0123456789abcdef") == "0123456789abcdef"


STATES: Sequence[Shown] = (
    shown(id="a", state="running", sender="slack", began=1_800_000_001.0, text="Qu", destination="sender"),
    shown(id="b", state="waiting", accepted=NOW - 5),
    shown(
        id="c",
        state="failed",
        failed="reply_failed",
        sender="line",
        text="Quack",
        error="LINE refused it.",
        began=1_800_000_001.0,
        ended=1_800_000_004.25,
    ),
    shown(id="d", state="done", text="Quack", began=1_800_000_010.0, ended=1_800_000_130.0),
)


def test_the_list_says_of_each_what_it_is_and_where_it_stands() -> None:
    root = read(page.overview(STATES, now=NOW))
    assert texts(root, "li") == [
        "running · slack, 11 min ago app app · running for 11 min Qu",
        "waiting · call, 5.0 s ago app app · waiting for 5.0 s",
        "failed: reply_failed · line, 11 min ago app app · took 3.2 s LINE refused it.",
        "done · call, 11 min ago app app · took 2 min Quack",
    ]
    assert [one.get("class") for one in root.all("li")] == ["running", "waiting", "failed", "done"]
    assert [one.get("href") for one in root.all("a")] == [f"deliveries/{one}" for one in "abcd"]


def test_what_is_done_from_the_list_is_posted_to_it() -> None:
    root = read(page.overview(STATES, now=NOW))
    assert forms(root) == [("post", "deliveries", "Check my settings"), ("post", "deliveries", "Sign out")]
    assert [(one.get("name"), one.get("value")) for one in root.all("button")] == [
        ("do", "check"),
        ("do", "sign-out"),
    ]


def test_an_empty_list_says_what_would_appear() -> None:
    root = read(page.overview([], now=NOW))
    (told,) = [one.words for one in root.all("p") if one.get("class") == "empty"]
    assert told.startswith("Nothing yet. Here appears what is answered later: ")
    assert (root.all("li"), refreshes(root)) == ([], [])


def test_the_list_is_not_longer_than_it_says() -> None:
    assert len(read(page.overview([shown()] * (LATEST + 1), now=NOW)).all("li")) == LATEST


@pytest.mark.parametrize("one", STATES, ids=[one.state for one in STATES])
def test_a_page_renews_itself_only_while_something_runs(one: Shown) -> None:
    expected = ["5"] if one.unfinished else []
    assert refreshes(read(page.overview([STATES[-1], one], now=NOW))) == expected
    assert refreshes(read(page.delivery(one, now=NOW))) == expected


def test_a_delivery_shows_all_that_is_known_of_it() -> None:
    one = shown(
        id="d1",
        sender="slack",
        destination="sender",
        began=1_800_000_001.0,
        ended=1_800_000_004.0,
        tries=1,
        text="Quack\n  & more",
        steps=[
            Step(at=1_800_000_000.5, what="its turn"),
            Step(at=1_800_000_003.5, what="post", result="again: 429 (ratelimited)"),
        ],
        notes=["The status could not be set."],
    )
    root = read(page.delivery(one, now=NOW))
    assert dict(zip(texts(root, "dt"), texts(root, "dd"), strict=True)) == {
        "Id": "d1",
        "App": "app",
        "From": "slack",
        "Answer to": "sender",
        "Accepted": "Fri, 15 Jan 2027 08:00:00 GMT",
        "Begun": "Fri, 15 Jan 2027 08:00:01 GMT",
        "Ended": "Fri, 15 Jan 2027 08:00:04 GMT",
        "Time": "took 3.0 s",
        "Runs": "1",
    }
    assert [one.inside for one in root.all("div") if one.get("class") == "text"] == [["Quack\n  & more"]]
    assert texts(root, "h2") == ["Answer", "Notes", "Steps"]
    assert texts(root, "li") == [
        "The status could not be set.",
        "its turn 0.5 s after it came · Fri, 15 Jan 2027 08:00:00 GMT",
        "post: again: 429 (ratelimited) 3.5 s after it came · Fri, 15 Jan 2027 08:00:03 GMT",
    ]


def test_a_long_answer_is_cut_on_the_page() -> None:
    root = read(page.delivery(shown(text="q" * (page.LONGEST_SHOWN + 1)), now=NOW))
    (text,) = [one.words for one in root.all("div") if one.get("class") == "text"]
    assert text == "q" * (page.LONGEST_SHOWN - 1) + "…"


@pytest.mark.parametrize(
    ("state", "failed", "expected"),
    [
        ("accepted", "", ["d1/cancel"]),
        ("waiting", "", ["d1/cancel"]),
        ("running", "", ["d1/cancel"]),
        ("done", "", ["d1/redeliver?run=1", "d1/delete"]),
        ("failed", "app_timeout", ["d1/redeliver?run=1", "d1/delete"]),
        ("failed", "cancelled", ["d1/redeliver?run=1", "d1/delete"]),
        ("failed", "reply_failed", ["d1/redeliver", "d1/redeliver?run=1", "d1/delete"]),
    ],
)
def test_there_is_a_button_for_what_can_be_done_and_for_nothing_else(
    state: str, failed: str, expected: list[str]
) -> None:
    root = read(page.delivery(shown(state=state, failed=failed), now=NOW))
    assert [(method, action) for method, action, _ in forms(root)] == [("post", action) for action in expected]


def test_a_failed_delivery_says_why_and_that_is_announced() -> None:
    root = read(page.delivery(STATES[2], now=NOW))
    assert [one.words for one in root.all("p") if one.get("role") == "alert"] == ["LINE refused it. reply_failed"]
    assert texts(root, "h1") == ["Delivery: failed"]


def test_what_was_checked_is_listed_and_what_needs_a_change_is_counted() -> None:
    found = [
        Check(name="API key", status=Status.PROBLEM, sentence="Set api_key."),
        Check(name="Limits", status=Status.OK, sentence="Limited."),
        Check(name="Bot token", status=Status.NOT_NEEDED, sentence="Not used."),
    ]
    root = read(page.checks(found))
    assert texts(root, "li") == [
        "API key: problem Set api_key.",
        "Limits: ok Limited.",
        "Bot token: not needed Not used.",
    ]
    assert [one.get("class") for one in root.all("li")] == ["problem", "fine", "fine"]
    status = [one.words for one in root.all("p") if one.get("role") == "status"]
    assert status == ["1 of 3 needs a change in this endpoint’s settings in Dify."]
    calm = read(page.checks(found[1:]))
    assert [one.words for one in calm.all("p") if one.get("role") == "status"] == ["Nothing needs to be changed."]


def test_every_page_has_a_title_a_heading_and_its_language() -> None:
    for root in map(read, of("word")):
        assert [one.get("lang") for one in root.all("html")] == ["en"]
        assert (len(root.all("h1")), len(root.all("main")), len(root.all("title"))) == (1, 1, 1)
        # else a browser that sends no Sec-Fetch-Site names no origin, and what its forms send is refused
        assert [one.get("content") for one in root.all("meta") if one.get("name") == "referrer"] == ["strict-origin"]


def test_a_page_runs_nothing_stands_in_no_frame_and_sends_only_here() -> None:
    response = page.respond(page.sign_in(), 401)
    assert (response.status_code, response.content_type) == (401, "text/html; charset=utf-8")
    policy = dict(one.strip().split(" ", 1) for one in response.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": " ".join(source(one.words) for one in read(page.sign_in()).all("style")),
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (600, "10 min"),
        (661, "11 min"),
        (3599.7, "1 h"),
        (86_399, "23 h 59 min"),
    ],
)
def test_times_are_told_as_a_person_would(seconds: float, told: str) -> None:
    one = shown(ended=1_800_000_000.0 + seconds)
    root = read(page.delivery(one, now=NOW))
    assert f"took {told}" in texts(root, "dd")
