from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Reference, Upload
from relay.incoming import body
from relay.incoming.body import Body
from relay.incoming.fields import Asked
from relay.page import posted, turns
from relay.page.declared import Asking, Declared, Field, Kind
from relay.page.posted import Posted, Prefill
from relay.page.turns import Turn, Turns
from relay.page.wrong import Rule
from tests.relay.page.forms import multipart

TEXT = Field(kind=Kind.TEXT, name="name", label="Your name", most=8)
STORY = Field(kind=Kind.PARAGRAPH, name="story", label="Story", default="Once")
POND = Field(kind=Kind.SELECT, name="pond", label="Pond", options=("Big", "Small"))
EGGS = Field(kind=Kind.NUMBER, name="eggs", label="Eggs")
SWIMS = Field(kind=Kind.CHECKBOX, name="swims", label="Swims", default="true")
MORE = Field(kind=Kind.JSON, name="more", label="More")
PHOTO = Field(kind=Kind.FILE, name="photo", label="Photo", most=1)
SOUNDS = Field(kind=Kind.FILES, name="sounds", label="Sounds", most=2, by_url=True)
BESIDE = Field(kind=Kind.FILES, name="", label="", most=2, by_url=True)
FORM = Declared(asking=Asking.CHAT, fields=(TEXT, STORY, POND, EGGS, SWIMS, MORE, PHOTO, SOUNDS), beside=BESIDE)
URL = "https://example.org/quack.mp3"


def post(of: Declared, pairs: dict[str, Any], *, query: str = "Why?") -> Posted:
    said = urlencode({"duck.page": "1", "query": query, **pairs}, doseq=True)
    return posted.read(body.read(said.encode(), "application/x-www-form-urlencoded"), of)


def wrong(found: Posted) -> list[tuple[Rule, str, str, int]]:
    return [(one.rule, one.name, one.label, one.limit) for one in found.wrong]


def test_a_form_of_every_kind_becomes_what_dify_wants() -> None:
    gone = Turns(latest=(Turn(query="Who?", answer="Me."),), dropped=1)
    sent = multipart(
        ("duck.page", "1"),
        ("query", "Why?\r\nHow?"),
        ("inputs.name", "Daisy"),
        ("inputs.story", "Once\r\nupon"),
        ("inputs.pond", "Small"),
        ("inputs.eggs", " 2.50 "),
        ("inputs.swims", "true"),
        ("inputs.more", '{"a": [1]}'),
        ("files.photo", ("drake.png", b"PNG")),
        ("files.sounds", URL),
        ("files.sounds", ("a.mp3", b"ID3")),
        ("files", ("b.txt", b"quack")),
        ("files", ""),
        ("conversation_id", "c-1"),
        ("user", "donald"),
        ("duck.turns", turns.dump(gone)),
        ("duck.stop", "t-1"),
        ("duck.token", "token"),
    )

    found = posted.read(sent, FORM)

    octets = "application/octet-stream"
    assert found == Posted(
        asked=Asked(
            query="Why?\nHow?",
            inputs={
                "name": "Daisy",
                "story": "Once\nupon",
                "pond": "Small",
                "eggs": 2.5,
                "swims": True,
                "more": {"a": [1]},
            },
            files=(
                Upload(name="photo", exact=True, filename="drake.png", mimetype=octets, content=b"PNG"),
                Upload(name="sounds", exact=True, filename="a.mp3", mimetype=octets, content=b"ID3"),
                Reference(name="sounds", exact=True, url=URL),
                Upload(name="", filename="b.txt", mimetype=octets, content=b"quack"),
            ),
            conversation_id="c-1",
            user="donald",
        ),
        values={
            "name": "Daisy",
            "story": "Once\nupon",
            "pond": "Small",
            "eggs": " 2.50 ",
            "swims": "true",
            "more": '{"a": [1]}',
            "sounds": URL,
            "": "",
        },
        turns=gone,
    )


def test_what_is_left_empty_is_left_out() -> None:
    empty = {f"inputs.{one.name}": "" for one in FORM.fields} | {"files.sounds": "", "files": "", "duck.turns": ""}
    found = post(FORM, empty)

    # a default that somebody has taken out stays out, and a checkbox that is not sent is not ticked
    assert found.asked == Asked(query="Why?", inputs={"story": "", "swims": False})
    assert (found.wrong, found.turns, found.asked.conversation_id, found.asked.user) == ((), Turns(), None, None)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (EGGS, "7", 7),
        (EGGS, "-0.5", -0.5),
        (EGGS, "+3", 3),
        (EGGS, "1e3", 1000.0),
        (EGGS, "9" * 30, int("9" * 30)),
        (TEXT, "12345678", "12345678"),
        (TEXT, "🦆🦆🦆🦆🦆🦆🦆🦆", "🦆🦆🦆🦆🦆🦆🦆🦆"),
        (TEXT, "123\r\n567", "123\n567"),
        (TEXT, "  a ", "  a "),
        (SWIMS, "on", True),
        (SWIMS, "false", False),
        (SWIMS, "quack", False),
        (MORE, "{}", {}),
    ],
)
def test_a_text_becomes_a_value(field: Field, text: str, value: Any) -> None:
    found = post(Declared(fields=(field,)), {f"inputs.{field.name}": text})

    assert (found.asked.inputs, found.wrong) == ({field.name: value}, ())


@pytest.mark.parametrize(
    ("field", "text", "rule", "limit"),
    [
        (TEXT, "123456789", Rule.TOO_LONG, 8),
        (POND, "big", Rule.NOT_AN_OPTION, 0),
        (EGGS, "two", Rule.NOT_A_NUMBER, 0),
        (EGGS, "1,5", Rule.NOT_A_NUMBER, 0),
        (EGGS, "1_0", Rule.NOT_A_NUMBER, 0),
        (EGGS, "٣", Rule.NOT_A_NUMBER, 0),
        (EGGS, "nan", Rule.NOT_A_NUMBER, 0),
        (EGGS, "1e999", Rule.NOT_A_NUMBER, 0),
        (EGGS, "9" * 101, Rule.NOT_A_NUMBER, 0),
        (MORE, "{", Rule.NOT_JSON, 0),
        (MORE, "[1]", Rule.NOT_JSON, 0),
        (MORE, '{"a": NaN}', Rule.NOT_JSON, 0),
        (MORE, '{"a":' * 5000, Rule.NOT_JSON, 0),
    ],
)
def test_a_text_that_breaks_a_rule_is_told_and_kept(field: Field, text: str, rule: Rule, limit: int) -> None:
    found = post(Declared(fields=(field,)), {f"inputs.{field.name}": text})

    assert wrong(found) == [(rule, field.name, field.label, limit)]
    assert (found.asked.inputs, found.values) == ({}, {field.name: text})


def test_all_that_is_wrong_is_told_at_once_in_the_forms_order() -> None:
    required = tuple(
        Field(kind=one.kind, name=one.name, label=one.label, options=one.options, by_url=one.by_url, required=True)
        for one in (TEXT, POND, EGGS, SWIMS, MORE, PHOTO, SOUNDS)
    )
    found = post(Declared(asking=Asking.CHAT, fields=required), {"inputs.name": " "}, query=" ")

    names = ("name", "pond", "eggs", "more", "photo", "sounds", "query")
    assert [(one.rule, one.param) for one in found.wrong] == [(Rule.REQUIRED, name) for name in names]
    assert (found.wrong[0].message, int(found.wrong[0].status)) == ("Your name is required.", 400)


def test_a_conversation_that_goes_on_has_its_inputs() -> None:
    chat = Declared(asking=Asking.CHAT, fields=(Field(kind=Kind.TEXT, name="name", label="Name", required=True),))

    assert post(chat, {"conversation_id": "c-1"}).wrong == ()
    assert wrong(post(chat, {"conversation_id": "new"})) == [(Rule.REQUIRED, "name", "Name", 0)]
    run = Declared(asking=Asking.RUN, fields=chat.fields)
    assert wrong(post(run, {"conversation_id": "c-1"}, query="")) == [(Rule.REQUIRED, "name", "Name", 0)]


def test_more_files_than_an_input_takes_are_told() -> None:
    sent = multipart(
        ("duck.page", "1"),
        ("query", "Why?"),
        ("files.photo", ("a.png", b"a")),
        ("files.photo", ("b.png", b"b")),
        ("files.sounds", f"{URL}?1\n\n {URL}?2"),
        ("files.sounds", ("a.mp3", b"a")),
        ("files", ("a.txt", b"a")),
        ("files", ("b.txt", b"b")),
    )
    found = posted.read(sent, FORM)

    assert wrong(found) == [
        (Rule.TOO_MANY_FILES, "photo", "Photo", 1),
        (Rule.TOO_MANY_FILES, "sounds", "Sounds", 2),
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://example.org/a", "https://", '{"url": 1}', "[1]"])
def test_an_address_that_is_none_is_told_and_kept(address: str) -> None:
    found = post(FORM, {"files.sounds": address, "files": address})

    assert wrong(found) == [(Rule.NOT_A_FILE, "sounds", "Sounds", 0), (Rule.NOT_A_FILE, "files", "", 0)]
    assert (found.values["sounds"], found.values[""]) == (address, address)


def test_an_address_counts_only_where_the_app_takes_one() -> None:
    assert post(FORM, {"files.photo": URL}).asked.files == ()


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        (["", "Why?"], "Why?"),
        (["Why?", ""], "Why?"),
        (["something typed", "Why?"], "Why?"),
        (["Why?", "something typed"], "Why?"),
        ([" ", "something typed"], "something typed"),
        ([""], ""),
    ],
)
def test_a_suggested_question_wins_over_what_stands_in_the_field(asked: list[str], query: str) -> None:
    chat = Declared(asking=Asking.CHAT, suggested=("Why?",))
    told = urlencode([("duck.page", "1"), *(("query", one) for one in asked)])

    found = posted.read(body.read(told.encode(), "application/x-www-form-urlencoded"), chat)

    assert found.asked.query == query


def test_what_the_app_does_not_declare_is_left_out() -> None:
    found = post(Declared(), {"inputs.name": "Daisy", "name": "Daisy", "inputs": '{"name": "Daisy"}'})

    assert (found.asked, found.values) == (Asked(query="Why?"), {})


@pytest.mark.parametrize(
    ("read", "is_page"),
    [
        (body.read(b"duck.page=1&query=", "application/x-www-form-urlencoded"), True),
        (body.read(b"duck.page=2", "application/x-www-form-urlencoded"), False),
        (body.read(b"duck.page=1&duck.page=1", "application/x-www-form-urlencoded"), False),
        (body.read(b'{"duck.page": "1"}', "application/json"), False),
        (body.read(b"[]", "application/json"), False),
        (Body(), False),
    ],
)
def test_our_own_form_says_so(read: Body, is_page: bool) -> None:
    assert posted.is_page(read) is is_page


def test_a_link_fills_the_form_in() -> None:
    arguments = {
        "query": "Why?",
        "name": "Daisy",
        "inputs": '{"eggs": 2, "more": {"a": 1}, "swims": false, "story": null}',
        "pond": "Small",
        "files.sounds": URL,
        "unknown": "x",
        "user": "donald",
    }
    values = {"name": "Daisy", "eggs": "2", "more": '{"a":1}', "swims": "false", "story": "", "pond": "Small"}

    assert posted.prefill(arguments, FORM) == Prefill(values={**values, "sounds": URL}, query="Why?")


@given(
    st.dictionaries(
        st.sampled_from([*(f"inputs.{one.name}" for one in FORM.fields), "files.sounds", "files", "query"]),
        st.lists(st.text(max_size=30), min_size=1, max_size=3),
    )
)
def test_no_form_breaks_the_reader_and_all_that_was_typed_is_kept(told: dict[str, list[str]]) -> None:
    values = {name: texts[0] if len(texts) == 1 else texts for name, texts in told.items()}

    found = posted.read(Body(document=values, values=values, typed=False), FORM)

    assert all(isinstance(text, str) for text in found.values.values())
    assert {one.name for one in found.wrong}.isdisjoint(found.asked.inputs)


def test_of_what_is_typed_so_much_is_shown_again_and_all_of_it_is_sent() -> None:
    long = "a" * (posted.LARGEST_SHOWN - 1)
    found = post(Declared(fields=(STORY, MORE, TEXT)), {"inputs.story": long, "inputs.more": '{"a": 1}'})
    assert found.asked.inputs == {"story": long, "more": {"a": 1}}
    assert found.values == {"story": long, "name": ""}
