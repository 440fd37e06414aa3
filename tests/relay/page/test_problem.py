from typing import Any

import pytest

from relay.errors import (
    AppFailed,
    AppTimeout,
    Misconfigured,
    NotFound,
    RelayError,
    TooManyRequests,
    Unauthorized,
)
from relay.page import problem, sign_in
from relay.page.declared import Asking, Declared
from relay.page.sign_in import Said
from relay.page.texts import TEXTS
from relay.page.turns import Turn, Turns
from relay.page.view import View
from tests.relay.page.document import Document, view, words
from tests.relay.page.test_start import Form

EVIL = "</p><script>alert(1)</script>\"'&{{ 7 * 7 }}"


def told(error: RelayError, of: View | None = None, *, owner: bool = False, **more: Any) -> str:
    return words(Document(problem.page(error, of or View(), owner=owner, **more)).text)


@pytest.mark.parametrize("language", TEXTS)
def test_an_error_says_what_happened_and_what_its_reader_can_do(language: str) -> None:
    explained = TEXTS[language].explain("app_timeout")
    text = told(AppTimeout("Nothing came for 240 s."), View(language=language))
    assert words(explained.title) in text
    assert words(explained.reader) in text
    assert words(explained.owner) not in text
    assert "Nothing came for 240 s. 504 app_timeout" in text


def test_only_a_holder_of_the_key_is_told_what_to_change() -> None:
    explained = TEXTS["en"].explain("app_unavailable")
    error = Misconfigured("memory_days is no number", told=True)
    assert explained.owner in told(error, owner=True)
    assert "memory_days is no number" in told(error, owner=True)
    assert explained.owner not in told(error, owner=False)


def test_the_request_id_is_there_for_whoever_asks() -> None:
    assert told(NotFound("No."), request_id="5f1c").endswith("404 not_found · Request id: 5f1c")


def test_an_error_that_no_table_knows_is_told_as_any() -> None:
    class Odd(RelayError):
        code = "odd"

    text = told(Odd("Odd."))
    assert TEXTS["en"].errors["internal_error"].title in text
    assert text.endswith("Odd. 500 odd")


def test_the_question_is_offered_again_with_the_conversation() -> None:
    of = view(Asking.CHAT, conversation_id="c1", turns=Turns(latest=(Turn(query="What?", answer="That."),)))
    page = problem.page(AppFailed("It failed."), of, owner=False, query="And <why>?").decode()
    assert Form(page).texts("textarea") == ["And <why>?"]
    assert Form(page).carried()["conversation_id"] == "c1"
    assert "What? That." in words(Document(page.encode()).text)


def test_where_nothing_is_asked_there_is_no_form() -> None:
    assert Document(problem.page(NotFound("No."), View(), owner=True)).of("form") == []


def test_what_went_wrong_is_announced_and_stays_text() -> None:
    for owner in (False, True):
        page = Document(problem.page(AppFailed(EVIL), view(title=EVIL), owner=owner, query=EVIL, request_id=EVIL))
        assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
        assert len([one for _, one in page.tags if one.get("role") == "alert"]) == 1


def test_half_a_character_goes_out_as_what_can_be_encoded() -> None:
    assert b"alert(1)" in problem.page(AppFailed(EVIL + "\ud800"), View(), owner=False)


def key_form(said: Said = Said.FIRST, to: str = "duck/a?query=hi", **more: int) -> Form:
    return Form(sign_in.page(View(declared=Declared(), **more), to=to, said=said))  # type: ignore[arg-type]


@pytest.mark.parametrize(("depth", "action"), [(0, "deliveries"), (1, "../deliveries")])
def test_the_key_is_posted_to_the_deliveries_with_where_to_go_then(depth: int, action: str) -> None:
    page = key_form(depth=depth)
    assert page.of("form") == [{"class": "key", "method": "post", "action": action}]
    assert page.carried() == {"to": "duck/a?query=hi"}
    assert page.controls() == [
        {
            "id": "key",
            "name": "key",
            "type": "password",
            "autocomplete": "current-password",
            "required": None,
            "autofocus": None,
        }
    ]
    assert page.texts("label", **{"for": "key"}) == ["API key"]


@pytest.mark.parametrize("said", Said)
def test_why_the_key_is_asked_for_again_is_announced(said: Said) -> None:
    expected = [getattr(TEXTS["en"], said.value)] if said.value else []
    assert key_form(said).texts("p", role="alert") == expected


def test_a_browser_that_keeps_no_cookie_posts_the_key_to_the_page_itself() -> None:
    page = key_form(Said.NO_COOKIE, to="")
    assert page.of("form") == [{"class": "key", "method": "post"}]
    assert page.carried() == {"duck.cookieless": "1"}


@pytest.mark.parametrize(
    ("seconds", "when"),
    [("1", "1 s"), ("90", "90 s"), ("91", "2 min"), ("5400", "90 min"), ("5401", "2 h"), ("72652", "21 h")],
)
def test_a_limit_says_when_it_ends_in_a_time_that_a_person_reads(seconds: str, when: str) -> None:
    text = told(TooManyRequests("There were too many runs.", headers={"Retry-After": seconds}))
    assert f"Try again later. You can try again in {when}. " in text


def test_a_wait_that_is_no_number_of_seconds_is_not_told() -> None:
    for date in ("", "Wed, 21 Oct 2026 07:28:00 GMT", "²"):
        assert "You can try again in" not in told(TooManyRequests("No.", headers={"Retry-After": date}))


@pytest.mark.parametrize("language", TEXTS)
def test_where_only_signatures_count_nobody_is_told_to_enter_a_key(language: str) -> None:
    of = View(language=language)
    unsigned, key = TEXTS[language].unsigned, TEXTS[language].explain("unauthorized")
    text = told(Unauthorized("No signature."), of, signs=True)
    assert words(f"{unsigned.title} {unsigned.reader}") in text
    assert words(key.title) not in text
    assert words(key.title) in told(Unauthorized("No key."), of)


def test_where_there_is_no_key_yet_nobody_is_asked_for_one() -> None:
    page = sign_in.page(View(), to="duck/a", said=Said.NO_KEY)
    assert Form(page).of("form", "input") == []
    assert TEXTS["en"].no_key in words(Document(page.encode()).text)
