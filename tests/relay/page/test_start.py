import gzip
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.page import start
from relay.page.declared import Asking, Declared, Field, Kind
from relay.page.texts import TEXTS
from relay.page.turns import Turn, Turns, dump
from relay.page.view import View
from relay.page.wrong import Rule, Wrong

EN = TEXTS["en"]
LARGEST, LARGEST_CODED = 12 * 1024, 5 * 1024  # bytes of a page before the answer
EVIL = "</textarea></form><script>alert(1)</script>\"'&{{ 7 * 7 }}\u202e\x00<img src=x onerror=alert(2)>"

TEXT = Field(kind=Kind.TEXT, name="name", label="Your name", required=True, most=48)
PARAGRAPH = Field(kind=Kind.PARAGRAPH, name="about", label="About", default="\nA pond\nwith ducks")
SELECT = Field(kind=Kind.SELECT, name="tone", label="Tone", options=("kind", "formal"))
NUMBER = Field(kind=Kind.NUMBER, name="count", label="How many", required=True)
CHECKBOX = Field(kind=Kind.CHECKBOX, name="deep", label="Think longer", default="true", required=True)
OBJECT = Field(kind=Kind.JSON, name="data", label="Data")
FILE = Field(kind=Kind.FILE, name="doc", label="Document", required=True, accept=".pdf", most=1)
FILES = Field(kind=Kind.FILES, name="pics", label="Pictures", most=3, accept="image/*", by_url=True)
SEVEN = (TEXT, PARAGRAPH, SELECT, NUMBER, CHECKBOX, OBJECT, FILES)


class Form(HTMLParser):
    """What a page's elements are, in their order, and the text that each begins with."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def of(self, *tags: str, **attributes: str) -> list[dict[str, str | None]]:
        return [has for tag, has, _ in self.found if tag in tags and attributes.items() <= has.items()]

    def controls(self) -> list[dict[str, str | None]]:
        return [one for one in self.of("input", "textarea", "select") if one.get("type") != "hidden"]

    def carried(self) -> dict[str, str | None]:
        return {str(one["name"]): one["value"] for one in self.of("input", type="hidden")}

    def texts(self, tag: str, **attributes: str) -> list[str]:
        found = [text for name, has, text in self.found if name == tag and attributes.items() <= has.items()]
        return [text.strip() for text in found]


def form(*fields: Field, asking: Asking = Asking.RUN, **more: Any) -> Form:
    """Give the page of an app with these inputs."""
    declared = {name: more.pop(name) for name in ("opening", "suggested", "beside") if name in more}
    kept = {name: more.pop(name) for name in ("query", "problem", "wrong", "name") if name in more}
    view = View(declared=Declared(asking=asking, fields=fields, **declared), **more)
    return Form(start.page(view, **kept))


def only(*fields: Field, **more: Any) -> dict[str, str | None]:
    [control] = form(*fields, **more).controls()
    return control


def test_a_page_before_the_answer_is_small() -> None:
    view = View(
        title="Duck & Pond",
        icon="🦆",
        accent="#0b6e4f",
        signed_in=True,
        declared=Declared(
            asking=Asking.CHAT, fields=SEVEN, opening="Quack. " * 20, suggested=("What?", "Why?", "How much?")
        ),
    )
    for language in TEXTS:
        page = start.page(View(**{**{name: getattr(view, name) for name in View.__slots__}, "language": language}))
        assert len(page.encode()) < LARGEST
        assert len(gzip.compress(page.encode(), mtime=0)) < LARGEST_CODED


def test_the_form_is_posted_to_the_pages_own_address() -> None:
    assert form(TEXT).of("form") == [
        {"class": "ask", "method": "post", "enctype": "multipart/form-data", "action": "?#now"}
    ]
    assert form(TEXT).carried() == {"duck.page": "1"}


def test_a_text_has_its_label_its_limit_and_what_stands_in_it() -> None:
    assert only(TEXT, values={"name": 'A "duck"'}) == {
        "id": "i1",
        "type": "text",
        "name": "inputs.name",
        "value": 'A "duck"',
        "dir": "auto",
        "maxlength": "48",
        "required": None,
        "aria-describedby": "i1h",
    }
    page = form(TEXT)
    assert (page.texts("label", **{"for": "i1"}), page.texts("small", id="i1h")) == (
        ["Your name"],
        ["required · at most 48 characters"],
    )


def test_a_default_stands_in_a_paragraph_to_its_first_line_end() -> None:
    [(_, has, text)] = [one for one in form(PARAGRAPH).found if one[0] == "textarea"]
    assert text == "\n\nA pond\nwith ducks"  # a browser leaves out the first
    assert "required" not in has


@pytest.mark.parametrize(
    ("field", "value", "options"),
    [
        (SELECT, None, ["", "kind", "formal"]),
        (SELECT, "formal", ["", "kind", "formal*"]),
        (SELECT, "of another version", ["", "kind", "formal"]),
        (Field(kind=Kind.SELECT, name="tone", label="", options=("a", "b"), required=True), None, ["", "a", "b"]),
        (
            Field(kind=Kind.SELECT, name="tone", label="", options=("a", "b"), required=True, default="b"),
            None,
            ["a", "b*"],
        ),
    ],
)
def test_a_choice_can_be_none_unless_one_is_required_and_made(
    field: Field, value: str | None, options: list[str]
) -> None:
    page = form(field, values={} if value is None else {"tone": value})
    assert [f"{one['value']}{'*' if 'selected' in one else ''}" for one in page.of("option")] == options
    assert ("required" in page.controls()[0]) == field.required


def test_a_number_may_have_any_digits_and_a_wrong_one_stays_to_be_seen() -> None:
    assert only(NUMBER, values={"count": "1.5"}) == {
        "id": "i1",
        "type": "number",
        "step": "any",
        "inputmode": "decimal",
        "name": "inputs.count",
        "value": "1.5",
        "required": None,
        "aria-describedby": "i1h",
    }
    wrong = Wrong(Rule.NOT_A_NUMBER, name="count", label="How many")
    page = form(NUMBER, values={"count": "many"}, wrong=[wrong])
    [control] = page.controls()
    assert (control["type"], control["value"], control["aria-invalid"]) == ("text", "many", "true")
    assert control["aria-describedby"] == "i1h i1e"
    assert page.texts("span", id="i1e") == [EN.wrong["not_a_number"]]
    assert page.texts("p", role="alert") == [EN.check_inputs]


def test_a_checkbox_is_as_it_was_left_and_never_has_to_be_set() -> None:
    assert only(CHECKBOX) == {
        "id": "i1",
        "type": "checkbox",
        "name": "inputs.deep",
        "value": "true",
        "checked": None,
        "aria-describedby": "i1h",
    }
    assert "checked" not in only(CHECKBOX, values={"deep": "false"})


def test_a_file_is_chosen_or_named_by_its_address() -> None:
    assert only(FILE) == {
        "id": "i1",
        "type": "file",
        "name": "files.doc",
        "accept": ".pdf",
        "required": None,
        "aria-describedby": "i1h",
    }
    chosen, named = form(FILES, values={"pics": "https://a.example/a.png"}).controls()
    assert (chosen["type"], chosen["name"], chosen["accept"], "multiple" in chosen) == (
        "file",
        "files.pics",
        "image/*",
        True,
    )
    assert named["name"] == "files.pics"
    by_url = Field(kind=Kind.FILE, name="doc", label="Document", required=True, by_url=True, by_upload=False)
    page = form(by_url, values={"doc": "https://a.example/a.pdf"})
    [control] = page.controls()
    assert (control["type"], control["value"], "required" in control) == ("url", "https://a.example/a.pdf", True)
    assert page.texts("label", **{"for": str(control["id"])}) == ["Document"]


def test_a_file_that_may_come_in_two_ways_is_required_in_neither() -> None:
    both = Field(kind=Kind.FILE, name="doc", label="Document", required=True, by_url=True)
    assert ["required" in one for one in form(both).controls()] == [False, False]


def test_files_beside_the_inputs_have_no_name_of_an_input() -> None:
    page = form(asking=Asking.CHAT, beside=Field(kind=Kind.FILES, name="", label="", most=2))
    assert [one["name"] for one in page.controls()] == ["files", "query"]
    assert page.texts("label") == [EN.attach, EN.question]


def test_every_control_has_a_label_and_what_it_is_described_by_is_there() -> None:
    both = Field(kind=Kind.FILE, name="both", label="Both", by_url=True, required=True, hint="As PDF")
    alone = Field(kind=Kind.FILES, name="alone", label="Alone", by_url=True, by_upload=False)
    fields = (*SEVEN, FILE, both, alone)
    wrong = [Wrong(Rule.REQUIRED, name=one.name, label=one.label) for one in fields]
    page = form(*fields, asking=Asking.CHAT, beside=Field(kind=Kind.FILES, name="", label=""), wrong=wrong)
    labels = [one["for"] for one in page.of("label")]
    ids = [str(has["id"]) for _, has, _ in page.found if "id" in has]
    assert sorted(str(one["id"]) for one in page.controls()) == sorted(map(str, labels))
    assert len(ids) == len({*ids})
    described = " ".join(str(one.get("aria-describedby") or "") for one in page.controls()).split()
    assert {*described} <= {*ids}


def test_a_hint_of_the_app_stands_by_its_input() -> None:
    field = Field(kind=Kind.TEXT, name="name", label="Name", hint="As your friends say it")
    page = form(field)
    assert page.texts("p", id="i1n") == ["As your friends say it"]
    assert page.controls()[0]["aria-describedby"] == "i1n"


def test_a_hidden_input_goes_along_unseen() -> None:
    field = Field(kind=Kind.TEXT, name="who", label="Who", default="duck", hidden=True)
    assert form(field).carried() == {"duck.page": "1", "inputs.who": "duck"}
    assert form(field, values={"who": "drake"}).carried()["inputs.who"] == "drake"
    assert form(field).texts("legend") == []


def test_a_chat_asks_for_a_question_and_its_suggestions_ask_theirs() -> None:
    page = form(asking=Asking.CHAT, opening="I am **Duck**.", suggested=("What?", "Why <b>?"), query="Quack")
    assert page.texts("textarea", name="query") == ["Quack"]
    assert [(one.get("name"), one.get("value")) for one in page.of("button")] == [
        (None, None),  # the first is what the Enter key presses
        ("query", "What?"),
        ("query", "Why <b>?"),
    ]
    assert page.texts("strong") == ["Duck"]
    assert "required" not in page.of("textarea")[0]  # a suggestion stands for it
    assert "required" in form(asking=Asking.CHAT).of("textarea")[0]
    assert "formnovalidate" not in [name for _, has, _ in page.found for name in has]


def test_a_run_asks_for_no_question_and_what_may_be_either_may_have_one() -> None:
    assert [one["name"] for one in form(TEXT, asking=Asking.RUN).controls()] == ["inputs.name"]
    assert form(TEXT, asking=Asking.RUN).texts("button") == [EN.run]
    either = form(TEXT, asking=Asking.EITHER)
    assert [one["name"] for one in either.controls()] == ["inputs.name", "query"]
    assert "required" not in either.of("textarea")[0]


def test_a_conversation_goes_on_with_all_that_it_carries() -> None:
    turns = Turns(latest=(Turn(query="What?", answer="*That*."),), dropped=2)
    page = form(
        TEXT,
        FILES,
        asking=Asking.CHAT,
        suggested=("Why?",),
        opening="Hello.",
        turns=turns,
        conversation_id="c1",
        user="ann",
        token="t0ken",
        signed_in=True,
        values={"name": "Ann", "pics": "https://a.example/a.png"},
    )
    assert page.carried() == {
        "duck.page": "1",
        "duck.new": "1",
        "duck.token": "t0ken",
        "conversation_id": "c1",
        "user": "ann",
        "duck.turns": dump(turns),
        "inputs.name": "Ann",
        "files.pics": "https://a.example/a.png",
    }
    assert [one["name"] for one in page.controls()] == ["query"]
    assert (page.texts("h2"), page.texts("em")) == (["What?"], ["That"])
    assert page.texts("p", **{"class": "soft"}) == [EN.dropped.format(n=2)]
    assert page.texts("button") == [EN.new_chat, EN.sign_out, EN.send]


def test_what_is_missing_in_a_conversation_is_asked_for_after_all() -> None:
    wrong = [Wrong(Rule.REQUIRED, name="name", label="Your name")]
    page = form(TEXT, asking=Asking.CHAT, conversation_id="c1", wrong=wrong)
    assert [one["name"] for one in page.controls()] == ["inputs.name", "query"]


def test_a_chat_without_a_question_is_told_just_that() -> None:
    wrong = [Wrong(Rule.REQUIRED, name="query", label="query")]
    page = form(asking=Asking.CHAT, wrong=wrong)
    assert page.texts("p", role="alert") == [EN.no_question]
    assert page.texts("span", id="qe") == [EN.no_question]
    assert form(asking=Asking.CHAT, wrong=wrong, problem="No.").texts("p", role="alert") == ["No."]


def test_whoever_came_by_a_link_is_told_that_nothing_has_run() -> None:
    view = View(declared=Declared(asking=Asking.CHAT))
    page = Form(start.page(view, query="Quack", unsent=True))
    assert page.texts("p", role="status") == [EN.unsent]
    assert page.texts("p", role="alert") == []


def test_limits_are_told_in_the_readers_language() -> None:
    wrong = [Wrong(Rule.TOO_LONG, name="name", label="Your name", limit=48)]
    page = form(TEXT, wrong=wrong, language="ja")
    assert page.texts("span", id="i1e") == ["長すぎます。48 文字までです。"]
    assert page.of("html") == [{"lang": "ja", "dir": "ltr"}]


def test_whoever_is_signed_in_can_sign_out_from_wherever_the_page_is() -> None:
    for depth, action in ((1, "../deliveries"), (0, "deliveries")):
        page = form(TEXT, signed_in=True, depth=depth)
        assert page.of("form")[0] == {"method": "post", "action": action}
        assert page.of("button", name="do") == [{"name": "do", "value": "sign-out"}]
    assert form(TEXT).of("button", name="do") == []


def test_the_owners_title_wins_and_no_name_is_still_a_title() -> None:
    assert form(title="Pond", name="App").texts("title") == ["Pond"]
    assert form(name="App").texts("h1") == ["App"]
    nameless = {asking: View(declared=Declared(asking=asking)) for asking in Asking}
    told = {asking: Form(start.page(of)) for asking, of in nameless.items()}
    assert {asking: page.texts("h1") for asking, page in told.items()} == {
        Asking.CHAT: [EN.chat],
        Asking.RUN: [EN.app],
        Asking.EITHER: [EN.app],
    }
    assert all(page.texts("title") == page.texts("h1") for page in told.values())


def test_a_page_that_asks_nothing_has_no_form() -> None:
    assert Form(start.page(View(title="Pond"))).of("form") == []


def everything(word: str) -> Form:
    fields = tuple(
        Field(kind=kind, name=word, label=word, hint=word, default=word, options=(word,), accept=word, by_url=True)
        for kind in Kind
    )
    declared = Declared(asking=Asking.CHAT, opening="", suggested=(word,), fields=fields)
    view = View(declared=declared, title=word, icon=word, user=word, token=word)
    return Form(start.page(view, query=word, problem=word))


@given(st.text() | st.just(EVIL))
def test_whatever_is_written_in_it_a_page_has_the_same_elements(word: str) -> None:
    plain = [(tag, [*has]) for tag, has, _ in everything("word").found]
    assert [(tag, [*has]) for tag, has, _ in everything(f"x{word}").found] == plain


def test_a_conversation_that_goes_on_without_a_question_asks_for_that_alone() -> None:
    declared = Declared(asking=Asking.CHAT, fields=(TEXT,), suggested=("Why?",))
    view = View(declared=declared, conversation_id="c1", values={"name": "Ada"})
    page = Form(start.page(view, wrong=[Wrong(Rule.REQUIRED, name="query", label="query")]))
    assert [one["name"] for one in page.controls()] == ["query"]
    assert page.carried()["inputs.name"] == "Ada"
    assert page.of("button", name="query") == []
