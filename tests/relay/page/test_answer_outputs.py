from typing import Any

import pytest

from relay.page import outputs
from relay.page.view import View
from tests.events import CHAT, IDS, chatflow, workflow
from tests.relay.page.document import document, words

FILE = {
    "dify_model_identity": "__dify__file__",
    "type": "image",
    "filename": "duck.png",
    "mime_type": "image/png",
    "size": 12_345,
    "url": "https://pond.example/duck.png",
}
PAPER = {**FILE, "type": "document", "filename": "duck.pdf", "mime_type": "application/pdf", "size": 500}
PONDS = View(image_hosts=("pond.example",))
SHOWN = ("https://pond.example/a", ("pond.example",))


def shown(given: dict[str, Any], *said: dict[str, Any], of: View | None = None) -> str:
    return words(document([*said, *workflow(given)], of=of).slots.get("results", ""))


def test_a_single_text_is_the_answer_itself() -> None:
    page = document(workflow({"text": "Quack"}))
    assert "Quack" in page.slots["answer"]
    assert "results" not in page.slots


def test_several_outputs_have_their_names() -> None:
    given = {"text": "Quack", "n": 2, "ok": True, "none": None, "empty": [], "link": "https://a.example/b"}
    assert shown(given) == "text Quack n 2 ok true none — empty — link https://a.example/b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["ä", 1, True], "ä 1 true"),
        ([{"a": 1, "b": "x"}, {"a": None, "b": {"c": [2]}}], 'a b 1 x {"c":[2]}'),
        ([{"a": 1}, {"b": 1}, {"c": 1}], 'JSON [ { "a": 1 }, { "b": 1 }, { "c": 1 } ]'),
        ({"a": {"b": 1}}, 'JSON { "a": { "b": 1 } }'),
        ([1, {"a": 1}], 'JSON [ 1, { "a": 1 } ]'),
        (PAPER, "duck.pdf 500 B"),
        ([FILE, PAPER], "duck.png 12 KB duck.pdf 500 B"),
        ({**PAPER, "url": "/files/1", "filename": ""}, "document 500 B"),
    ],
    ids=["list", "table", "unlike", "object", "mixed", "file", "files", "unreachable"],
)
def test_an_output_is_shown_as_what_it_is(value: Any, expected: str) -> None:
    assert shown({"out": value}) == f"out {expected}"


def test_what_was_streamed_already_is_not_shown_twice() -> None:
    chunk = {"event": "text_chunk", "data": {"text": "Quack "}}
    assert shown({"text": "Quack"}, chunk) == ""
    assert shown({"text": "Quack", "n": 1}, chunk) == "n 1"
    long = {"event": "text_chunk", "data": {"text": "Quack " * 100 + "Moo"}}
    assert shown({"a": "Quack " * 100, "b": "Moo"}, long) == "Moo"


def test_a_chatflows_answer_is_not_shown_as_an_output() -> None:
    assert document(chatflow()).slots.get("results") is None
    said = chatflow()
    said[-1]["data"]["outputs"] = {"answer": "Other words", "files": [], "sum": 2}
    assert words(document(said).slots["results"]) == "sum 2"


@pytest.mark.parametrize(
    ("url", "hosts", "is_shown"),
    [
        (*SHOWN, True),
        ("https://a.pond.example/a", ("*.pond.example",), True),
        ("https://any.example/a", ("*",), True),
        ("https://POND.example/a", ("pond.example",), True),
        ("http://pond.example/a", ("pond.example",), False),
        ("https://pond.example:8443/a", ("pond.example",), False),
        ("https://pond.example/a", ("*.pond.example",), False),
        ("https://pond.example.evil.example/a", ("pond.example",), False),
        ("https://pond.example@evil.example/a", ("pond.example",), False),
        ("https://pond.example:port/a", ("pond.example",), False),
        ("https://pond.example/a", (), False),
    ],
)
def test_a_picture_is_shown_from_the_named_hosts_alone_else_it_is_a_download(
    url: str, hosts: tuple[str, ...], is_shown: bool
) -> None:
    page = document([{"event": "message_file", **IDS, **FILE, "url": url}], of=View(image_hosts=hosts))
    assert [picture["src"] for picture in page.of("img")] == ([url] if is_shown else [])
    assert [link["href"] for link in page.of("a")] == [url]
    assert ("download" in page.of("a")[0]) is not is_shown


def test_a_document_is_no_picture_wherever_it_lies() -> None:
    assert document(workflow({"a": PAPER}), of=PONDS).of("img") == []


def test_a_file_is_shown_once_though_several_events_name_it() -> None:
    said = [{"event": "message_file", **IDS, **FILE}, *CHAT[:-1], {**CHAT[-1], "files": [FILE, PAPER]}]
    page = document(said, of=PONDS)
    assert len(page.of("img")) == 1


def test_a_large_table_is_cut_and_says_what_is_left_out() -> None:
    rows = [{f"column {column}": row for column in range(20)} for row in range(150)]
    page = document(workflow({"rows": rows, "n": 1}))
    assert (len(page.of("th")), len(page.of("td"))) == (
        outputs.MOST_COLUMNS,
        outputs.MOST_COLUMNS * outputs.MOST_ROWS,
    )
    assert "Shortened here. (+8) Shortened here. (+50)" in words(page.slots["results"])


def test_a_long_list_many_outputs_and_large_json_are_cut() -> None:
    assert shown({"a": ["x"] * 250}).endswith("x x Shortened here. (+50)")
    many = document(workflow({f"name {number}": number for number in range(120)}))
    assert len(many.of("dt")) == outputs.MOST_SHOWN
    assert words(many.slots["results"]).endswith("Shortened here. (+20)")
    large = document(workflow({"a": {str(number): [number] for number in range(100_000)}}))
    assert len(large.text) < 110_000


def test_many_tables_share_their_rows_and_each_keeps_one() -> None:
    page = document(workflow({f"name {number}": [{"a": row} for row in range(100)] for number in range(10)}))
    assert len(page.of("td")) == outputs.MOST_ROWS_IN_ALL + 6
    assert words(page.slots["results"]).endswith("name 9 a 0 Shortened here. (+99)")


def test_thousands_of_outputs_beside_a_long_answer_are_counted_without_a_look_at_each() -> None:
    said = {"event": "text_chunk", "data": {"text": "a" * 1_000_000}}
    given = {f"name {number}": "a" * 99 + "b" for number in range(20_000)}  # two minutes, each looked for in the text
    assert shown(given, said).endswith(f"Shortened here. (+{20_000 - outputs.MOST_SHOWN})")


def test_long_texts_beside_the_answer_are_rendered_as_far_as_there_is_room_for_all_of_them() -> None:
    text = "*Quack*\n\n" * 2_000
    page = document(workflow({f"name {number}": text for number in range(10)}))
    assert len(page.of("em")) < 10_000
    assert page.slots["results"].count("Quack") == 20_000
