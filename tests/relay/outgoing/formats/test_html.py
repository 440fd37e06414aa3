from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppFailed, AppNotFound
from relay.outgoing.formats.html import Page, error_page
from tests.events import AGENT, CHAT, IDS, chatflow, workflow
from tests.relay.outgoing.formats.test_lines import events

EVIL = "<script>alert(1)</script>\"'&</style></template>"


class Document(HTMLParser):
    """What a page says: its tags, and the text by slot."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.slots: dict[str, str] = {}
        self._open: list[str | None] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(dict(attrs).get("slot"))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for slot in filter(None, self._open):
            self.slots[slot] = self.slots.get(slot, "") + data


def page(said: list[dict[str, Any]], query: str = "") -> Document:
    encoder = Page(query)
    return Document(encoder.opening() + b"".join(map(encoder.event, said)) + encoder.closing())


@pytest.mark.parametrize("said", [CHAT, AGENT, chatflow()], ids=["chatbot", "agent", "chatflow"])
def test_the_answers_text_stands_in_its_slot(said: list[dict[str, Any]]) -> None:
    assert page(said).slots["answer"] == "Quack"


def test_a_workflow_shows_its_steps_with_their_state_and_its_outputs() -> None:
    document = page(workflow({"text": "Quack", "n": 2, "list": ["ä"]}))
    assert document.slots["steps"] == "Think llm"
    assert "".join(document.slots["results"].split()) == 'textQuackn2list["ä"]'
    encoder = Page("")
    assert encoder.event(workflow({})[1]) == b'<p slot="steps" id="step0">Think <code>llm</code></p>\n'
    assert encoder.event(workflow({})[2]) == b'<style>#step0::after { content: " \xe2\x9c\x93 0.2 s" }</style>\n'


def test_an_app_whose_name_is_known_heads_its_page_and_its_name_stays_text() -> None:
    named = Page("", {"name": "<b>Duck</b>", "icon": "🦆"}).opening().decode()
    assert '<p class="app"><span aria-hidden="true">🦆</span> &lt;b&gt;Duck&lt;/b&gt;</p>' in named
    assert "<title>&lt;b&gt;Duck&lt;/b&gt;</title>" in named
    assert "<title>Why?</title>" in Page("Why?", {"name": "Duck"}).opening().decode()
    assert 'class="app"' not in Page("Why?").opening().decode()


def test_a_failed_step_says_why() -> None:
    document = page(workflow({}, status="failed", error="no pond at /srv/app/pond.py"))
    assert document.slots["steps"] == "Think llmno pond at [path]"
    assert document.slots["results"].strip() == "no pond at [path]"


def test_an_output_that_was_streamed_already_is_not_shown_twice() -> None:
    chunk = {"event": "text_chunk", "data": {"text": "Quack"}}
    document = page([chunk, *workflow({"text": "Quack"})])
    assert (document.slots["answer"], document.slots.get("results")) == ("Quack", None)


def test_a_text_taken_back_is_hidden() -> None:
    encoder = Page("")
    encoder.event(CHAT[0])
    taken_back = encoder.event({"event": "message_replace", **IDS, "answer": "Moo"})
    assert taken_back == b'<style>.take0 { display: none }</style><span slot="answer" class="take1">Moo</span>'


def test_an_error_is_readable() -> None:
    assert Page("").error(AppFailed("It <broke>.")) == (
        b'<p slot="results" class="error" role="alert">It &lt;broke&gt;. <code>app_failed</code></p>\n'
    )
    document = Document(error_page(AppNotFound("No such <app>.")))
    assert [tag for tag, _ in document.tags] == "html meta meta meta title style h1 p code".split()  # noqa: SIM905


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", '" onload="x', 1, None])
def test_only_a_plain_link_is_a_link(url: object) -> None:
    document = page([{"event": "message_file", "type": "image", "url": url}])
    assert "a" not in [tag for tag, _ in document.tags]
    assert document.slots["results"] == "image"


def test_nothing_that_an_app_or_caller_says_becomes_markup() -> None:
    node = {"id": EVIL, "title": EVIL, "node_type": EVIL, "status": "failed", "error": EVIL, "elapsed_time": EVIL}
    said: list[dict[str, Any]] = [
        {"event": "message", "answer": EVIL},
        {"event": "message_replace", "answer": EVIL},
        {"event": "node_started", "data": node},
        {"event": "node_finished", "data": node},
        {"event": "agent_thought", "id": EVIL, "tool": EVIL},
        {"event": "message_file", "type": EVIL, "filename": EVIL, "url": "https://x/" + EVIL},
        {
            "event": "workflow_finished",
            "data": {"outputs": {EVIL: EVIL, "b": {"c": EVIL}}, "status": "failed", "error": EVIL},
        },
    ]
    document = page(said, query=EVIL)
    expected = page(said, query="harmless")
    assert [tag for tag, _ in document.tags] == [tag for tag, _ in expected.tags]
    assert "script" not in [tag for tag, _ in document.tags]
    assert {name for _, attrs in document.tags for name in attrs} <= {
        "lang", "charset", "name", "content", "slot", "class", "id", "href", "rel", "role", "aria-live",
        "shadowrootmode",
    }  # fmt: skip


@given(said=st.lists(events), query=st.text(max_size=20))
def test_any_events_make_a_page(said: list[dict[str, Any]], query: str) -> None:
    named = [{"event": name, **event} for event in said for name in ("message", "node_finished", "workflow_finished")]
    document = page([*said, *named], query=query)
    assert document.tags[0] == ("html", {"lang": "en"})
