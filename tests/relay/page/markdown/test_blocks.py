from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it.utils import EnvType

from relay.page.markdown import render
from relay.page.markdown.blocks import LARGEST, LARGEST_CODE, Block, Blocks, Kind
from relay.page.markdown.rendering import MARKDOWN, RENDERER, Rendering

ROOT = Path(__file__).parents[4]
REAL = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

INDENTS = ["", "", "", "", " ", "  ", "   ", "    ", "      ", "\t"]
MARKS = ["", "", "", "- ", "1. ", "10) ", "2. ", "> ", "-", "* "]
WORDS = [
    "",
    "foo",
    "bar",
    "```",
    "```py",
    "~~~",
    "``` a|b",
    "# h",
    "---",
    "===",
    "a | b",
    "-|-",
    "--|--",
    "***",
    "- - -",
]
WORDS += [
    "[a]: /u",
    "[a]: https://x.example",
    "[a]: https://x.example 'title",
    "[a]",
    "**b**  ",
    "\\",
    "`",
    "<b>",
    "[ ] x",
]
lines = st.builds("{}{}{}{}".format, *map(st.sampled_from, (INDENTS, MARKS, INDENTS, WORDS)))
texts = st.lists(lines, max_size=12).map("\n".join)


def blocks(pieces: Sequence[str]) -> list[Block]:
    taken = Blocks()
    done = [block for piece in pieces for block in taken.add(piece)[0]]
    return [*done, *taken.end()]


def cut(text: str, at: Sequence[int]) -> list[str]:
    places = sorted({0, len(text), *(place % (len(text) + 1) for place in at)})
    return [text[start:stop] for start, stop in pairwise(places)]


def whole(text: str, env: EnvType) -> str:
    return str(RENDERER.render(MARKDOWN.parse(f"{text}\n", env), MARKDOWN.options, env))


@given(texts, st.lists(st.integers(min_value=0, max_value=200), max_size=30))
@example("a\r\n\r\nb\r\n", [2, 5])
@example("```\na\n```\n\n| a |\n|---|\n| b |\n", [2, 12, 16])
def test_where_the_pieces_end_changes_nothing(text: str, at: list[int]) -> None:
    for ends in ("\n", "\r\n", "\r"):
        written = text.replace("\n", ends)
        assert blocks(cut(written, at)) == blocks(list(written)) == blocks([text])


@given(texts)
@example("- # a\nb\n  ```\n\nc\n  ```\nd")
@example("-\n\n  ```\nb\n\n# c\n  ```\n")
@example("- a\n  ```\n  b\n\n  # c\n  ```\n\nd")
@example("> a | b\n-|-\n\n    c\n\n    d\ne")
@example("a|b\n-|-\n    c\n\n    d\n")
@example("``` a|b\n\nc\n```\n")
@example("``` a|b\n---|---\n\nc\n")
@example("a\n-\n2. b\n\n   c")
def test_blocks_render_as_the_whole_does(text: str) -> None:
    env = Rendering()._env
    expected = whole(text, env)
    # a link may be defined after it is used
    assume(not env.get("references"))
    assert render(f"{text}\n") == expected


@pytest.mark.parametrize("path", REAL, ids=[str(path.relative_to(ROOT)) for path in REAL])
def test_real_texts_render_as_the_whole_does(path: Path) -> None:
    text = path.read_text()
    assert render(text) == whole(text, Rendering()._env)
    assert blocks(cut(text, range(0, len(text), 7))) == blocks([text])


def test_a_link_knows_what_was_defined_before_it_and_in_its_own_block() -> None:
    link = '<a href="https://x.example" rel="noopener nofollow noreferrer" target="_blank">a</a>'
    assert render("[a]: https://x.example\n\n[a]") == f"<p>{link}</p>\n"
    assert render("[a]: https://x.example\n[a]") == f"<p>{link}</p>\n"
    assert render("[a]\n\n[a]: https://x.example\n\n[a]") == f"<p>[a]</p>\n<p>{link}</p>\n"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("a\n\nb", [Kind.TEXT, Kind.TEXT], id="paragraphs"),
        pytest.param("a\n- b\n- c\n\n- d\n\ne", [Kind.TEXT, Kind.MARKDOWN, Kind.TEXT], id="a loose list"),
        pytest.param("a\n```\nb\n\n# c\n```\nd", [Kind.TEXT, Kind.CODE, Kind.TEXT], id="a fence"),
        pytest.param("# a\nb\n***\nc", [Kind.MARKDOWN, Kind.TEXT, Kind.MARKDOWN, Kind.TEXT], id="a heading, a rule"),
        pytest.param("a\n===\nb\n2. c", [Kind.MARKDOWN, Kind.TEXT], id="an underlined heading"),
        pytest.param("1. a\n   ```\n   b\n   ```\n\n2. c\n\nd", [Kind.MARKDOWN, Kind.TEXT], id="code in a list"),
        pytest.param("- a\n# b\n- c\n```\n```", [Kind.MARKDOWN] * 3 + [Kind.CODE], id="lists ended by others"),
        pytest.param("    a\n\n    b\nc\n\nd", [Kind.MARKDOWN, Kind.TEXT], id="indented code"),
        pytest.param("> a\nb\n\nc", [Kind.MARKDOWN, Kind.TEXT], id="a quote that goes on"),
    ],
)
def test_a_block_is_given_as_soon_as_it_is_complete(text: str, kinds: list[Kind]) -> None:
    assert [block.kind for block in blocks([text])] == kinds


def test_what_is_shown_of_the_rest_is_all_of_it() -> None:
    taken = Blocks()
    assert taken.add("on") == ([], "on")
    assert taken.add("e\ntwo") == ([], "e\ntwo")
    assert taken.add("\r") == ([], "")
    assert taken.add("\n\nthr\0") == ([Block(Kind.TEXT, "one\ntwo\n")], "thr\ufffd")
    assert taken.add("ee\n# fo") == ([], "ee\n# fo")
    assert taken.add("ur") == ([], "ur")
    assert taken.add("\n") == ([Block(Kind.TEXT, "thr\ufffdee\n"), Block(Kind.MARKDOWN, "# four\n")], "")
    assert taken.add("```py\nx") == ([], "```py\nx")
    assert taken.end() == [Block(Kind.CODE, "x\n", "py")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 10_000, id="a line"),
        pytest.param("a" * 50_000, id="a word"),
        pytest.param("some words\n" * 5_000, id="a paragraph"),
        pytest.param("- an item\n" * 5_000, id="a list"),
        pytest.param("- an item\n\n" * 5_000, id="a loose list"),
        pytest.param("| a | b |\n|---|---|\n" + "| c | d |\n" * 5_000, id="a table"),
        pytest.param("```\n" + "code\n" * 20_000 + "```\n", id="code"),
        pytest.param("```\n" + "code " * 20_000 + "\n```\n", id="a line of code"),
    ],
)
def test_a_long_block_comes_in_parts_and_loses_nothing(text: str) -> None:
    found = blocks([f"{text}\n\n# after"])
    kept = text.removeprefix("```\n").removesuffix("```\n")
    assert "".join(block.text for block in found[:-1]).rstrip() == kept.rstrip()
    assert found[-1] == Block(Kind.MARKDOWN, "# after\n")
    assert {block.kind for block in found[:-1]} <= {Kind.PLAIN, Kind.CODE}
    assert max(len(block.text.rstrip("\n")) for block in found) <= max(LARGEST, LARGEST_CODE)
    assert blocks(cut(f"{text}\n\n# after", range(0, len(text), 777))) == found
