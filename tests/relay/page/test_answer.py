from collections.abc import Sequence
from typing import Any

import pytest

from relay.errors import AppFailed, AppTimeout
from relay.page.answer import LONGEST_QUERY, Page
from relay.page.declared import Asking, Declared, Field, Kind
from relay.page.turns import Turn, Turns
from relay.page.view import View
from tests.events import AGENT, CHAT, IDS, RUN, chatflow, workflow
from tests.relay.page.document import Document, document, view, words, written

ALERT = {"slot": "state", "class": "error", "role": "alert"}


@pytest.mark.parametrize("said", [CHAT, AGENT, chatflow()], ids=["chatbot", "agent", "chatflow"])
def test_the_answers_text_is_rendered_in_its_slot_once_it_is_complete(said: list[dict[str, Any]]) -> None:
    page = document(said)
    assert [block["class"] for block in page.of("div", slot="answer")] == ["d md"]
    assert "Quack" in page.slots["answer"]


def test_a_page_is_headed_by_the_question_or_else_by_the_app_and_names_stay_text() -> None:
    named = View(title="<b>Duck</b>", icon="🦆")
    html = Page("", named).opening().decode()
    assert '<h1 dir="auto"><span aria-hidden="true">🦆</span> &lt;b&gt;Duck&lt;/b&gt;</h1>' in html
    assert "<title>&lt;b&gt;Duck&lt;/b&gt;</title>" in html
    assert "<title>Why?</title>" in Page("Why?", named).opening().decode()


def test_a_page_speaks_the_readers_language_and_says_whose_the_accent_is() -> None:
    html = written(CHAT, "Why?", of=view(language="ja", accent="#123456")).decode()
    assert html.startswith('<!doctype html>\n<html lang="ja"')
    assert "--accent:#123456" in html
    assert "回答を待っています" in html


def test_a_long_question_is_cut() -> None:
    page = document([], "x" * (LONGEST_QUERY + 1))
    assert "x" * (LONGEST_QUERY - 1) + "…" in page.text
    assert "x" * LONGEST_QUERY not in page.text


def test_nothing_is_styled_but_by_the_sheet_in_the_head() -> None:
    assert document(chatflow()).styles == document([]).styles
    assert len(document([]).styles) == 1


def test_earlier_turns_stand_above_the_question() -> None:
    turns = Turns(latest=(Turn(query="Why?", answer="**So**"), Turn(query="And?", answer="No")), dropped=3)
    page = document(CHAT, "Now?", of=view(turns=turns))
    assert page.text.index("Why?") < page.text.index("So") < page.text.index("And?") < page.text.rindex("Now?")
    assert "no longer shown: 3" in page.text


def test_the_wait_ends_with_the_answer() -> None:
    encoder = Page("", view())
    assert b'class="end"' not in encoder.opening() + b"".join(map(encoder.event, CHAT))
    assert b'class="end"' in encoder.closing()


def test_an_answer_without_a_word_says_so() -> None:
    assert words(document([CHAT[-1]]).slots["state"]) == "The app said nothing."
    assert "state" not in {slot for slot, text in document(CHAT).slots.items() if text.strip()}
    assert "state" not in {slot for slot, text in document(workflow({"n": 1})).slots.items() if text.strip()}


def test_a_stream_that_breaks_off_says_so_keeps_what_was_said_and_asks_the_same_again() -> None:
    page = document(CHAT[:2], "Why <so>?", of=view(Asking.CHAT), error=AppTimeout("It took <too> long."))
    assert page.of("p", **ALERT)
    assert (
        words(page.slots["state"]) == "The answer broke off here. You can ask again. It took <too> long. app_timeout"
    )
    assert "Quack" in page.slots["answer"]
    assert words(page.text).endswith("Your question Why <so>?Send")


def test_a_failure_is_told_once_though_dify_tells_it_twice() -> None:
    said = workflow({}, status="failed", error="no pond at /srv/app/pond.py")
    page = document(said, error=AppFailed("no pond at [path]"))
    assert words(page.slots["state"]) == "no pond at [path] The answer broke off here. You can ask again. app_failed"
    assert len(page.of("p", **ALERT)) == 2


def test_a_run_that_was_stopped_is_no_failure() -> None:
    page = document(workflow({}, status="stopped", error="Stopped by user."))
    assert page.of("p", **ALERT) == []
    assert words(page.slots["state"]) == "Stopped. What was said until then stays."


@pytest.mark.parametrize(
    ("said", "of", "stops"),
    [
        (CHAT, view(), ["t"]),
        (chatflow(), view(token="made-up"), ["t"]),
        (CHAT, View(), []),
        ([{"event": "message", "answer": "a"}], view(), []),
    ],
    ids=["chat", "without a cookie", "nothing is asked", "no task"],
)  # fmt: skip
def test_one_button_stops_the_run_as_soon_as_its_task_is_known(
    said: Sequence[dict[str, Any]], of: View, stops: list[str]
) -> None:
    page = document(said, of=of)
    assert [field["value"] for field in page.of("input", name="duck.stop")] == stops
    assert len(page.of("iframe", name="stop")) == len(stops)
    assert [form["action"] for form in page.of("form", target="stop")] == ["?"] * len(stops)
    assert len(page.of("input", name="duck.token", value=of.token)) == (2 * len(stops) if of.token else 0)


def test_a_run_that_waits_for_a_person_shows_what_that_person_is_asked() -> None:
    asked = {"event": "human_input_required", **RUN, "data": {"form_content": "May it swim?", "form_token": "s3"}}
    paused = {"event": "workflow_paused", **RUN, "data": {"status": "paused"}}
    page = document([*workflow({})[:2], asked, paused])
    assert words(page.slots["results"]) == (
        "A person has to decide first May it swim? "
        "The run is waiting. It goes on as soon as somebody has answered this in Dify."
    )
    assert page.of("li", **{"class": "paused"})
    assert "s3" not in page.text
    assert words(document([paused]).slots["results"]).startswith("A person has to decide first")


def test_text_that_was_taken_back_is_hidden_by_what_stands_in_its_place() -> None:
    page = document([CHAT[0], {"event": "message_replace", **IDS, "answer": "Moo"}])
    classes = [attrs["class"] for _, attrs in page.tags if attrs.get("slot") == "answer"]
    assert classes.index("back") > 0
    assert classes[-1] == "d md"
    assert words(page.slots["answer"]).endswith("Moo")


def test_a_form_under_the_answer_goes_on_with_the_conversation() -> None:
    page = document(CHAT, "Why?", of=view(Asking.CHAT, turns=Turns(latest=(Turn(query="a", answer="b"),)), user="u"))
    assert page.carried() == {
        "duck.page": "1",
        "duck.stop": "t",
        "conversation_id": "c",
        "user": "u",
        "duck.turns": '{"dropped":0,"turns":[["a","b"],["Why?","Quack"]]}',
    }
    assert page.of("form", action="?#now")
    assert words(page.text).endswith("Your question Send")


def test_a_run_is_offered_again_with_what_was_in_its_form() -> None:
    city = Field(kind=Kind.TEXT, name="city", label="City")
    of = View(declared=Declared(asking=Asking.RUN, fields=(city,)), values={"city": "Paris"})
    page = document(workflow({"n": 1}), of=of)
    assert page.of("details", **{"class": "again"})
    assert page.of("input", name="inputs.city", value="Paris")
    assert page.carried() == {"duck.page": "1", "duck.stop": "t"}


def test_a_page_that_asks_nothing_has_no_form() -> None:
    assert document(CHAT).of("form") == []


def test_what_keeps_a_silent_answer_alive_stands_well_within_open_text() -> None:
    encoder = Page("", view())
    html = encoder.opening() + encoder.event(CHAT[0]) + encoder.keep_alive + encoder.event(CHAT[1])
    assert "Quack" in "".join(Document(html + encoder.closing()).slots["answer"].split())
