import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relay.texts.measure import Measure, characters, octets, utf16
from relay.texts.split import split

MEASURES = [pytest.param(one, id=one.__name__) for one in (characters, utf16, octets)]
FAMILY = "👨‍👩‍👧"
BITS = [
    "word",
    " ",
    "\n",
    "\n\n",
    "End. ",
    "好。",
    "```\n",
    "```py\n",
    "~~~\n",
    "  ````\n",
    "\n```",
    "- ",
    "# ",
    "    ",
]
BITS += ["\t", FAMILY, "🇩🇪", "e\u0301", "\ud83d", "x" * 30, "`", "日本", "&"]

# fences that begin and end with a line, so that what is repeated of them can be told from the text
WHOLE = [bit for bit in BITS if "`" not in bit and "~" not in bit] + ["\n```\n", "\n```py\n", "\n~~~\n", "\n  ````\n"]

whole_texts = st.lists(st.sampled_from(WHOLE), max_size=80).map("".join)
texts = st.lists(st.sampled_from(BITS), max_size=80).map("".join)
measures = st.sampled_from([characters, utf16, octets])


def bare(text: str) -> str:
    """Give what of a text may not be lost: neither white space nor fences."""
    return re.sub(r"\s|`|~|py", "", text)


def is_open(piece: str) -> bool:
    """Tell whether a fence is open at the end."""
    mark = ""
    for line in piece.split("\n"):
        run = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if run and not mark:
            mark = "" if run[1][0] == "`" and "`" in run[2] else run[1]
        elif run and run[1].startswith(mark) and not run[2].strip():
            mark = ""
    return bool(mark)


@given(whole_texts, st.integers(20, 120), measures)
def test_no_piece_is_above_the_limit_and_nothing_is_lost(text: str, limit: int, measure: Measure) -> None:
    pieces = split(text, limit, measure)
    assert [piece for piece in pieces if measure(piece) > limit or not piece.strip()] == []
    assert bare("".join(pieces)) == bare(text)


@given(texts, st.integers(40, 120))
def test_no_piece_leaves_a_fence_open(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert [piece for piece in pieces if is_open(piece) and "`" * 10 not in piece] == []


@given(texts, st.data())
def test_the_pieces_of_a_growing_text_stay_but_for_the_last(text: str, data: st.DataObject) -> None:
    prefix = text[: data.draw(st.integers(0, len(text)))]
    assume(not re.search(r"\n *[`~]*$", prefix))  # room for a fence of our own is what its own would take
    earlier = split(prefix, 60)
    assert split(text, 60)[: max(len(earlier) - 1, 0)] == earlier[:-1]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(" \n\t\n ", [], id="blanks"),
        pytest.param("short", ["short"], id="short"),
        pytest.param("one two\n\nthree\nfour five", ["one two", "three\nfour five"], id="a paragraph"),
        pytest.param("one two three\nfour five", ["one two three", "four five"], id="a line"),
        pytest.param("It is so. That is all of it.", ["It is so.", "That is all of it."], id="a sentence"),
        pytest.param(
            "これは長い文です。" * 3,
            ["これは長い文です。これは長い文です。", "これは長い文です。"],
            id="without blanks",
        ),
        pytest.param("version 1.25 of something", ["version 1.25 of", "something"], id="a number is no sentence"),
        pytest.param("x" * 45, ["x" * 20, "x" * 20, "x" * 5], id="a word"),
        pytest.param("somewhat more words - or", ["somewhat more", "words - or"], id="a dash is no item"),
        pytest.param("  indented", ["  indented"], id="indentation stays"),
    ],
)
def test_it_cuts_where_a_reader_would(text: str, pieces: list[str]) -> None:
    assert split(text, 20) == pieces


@pytest.mark.parametrize("mark", ["```", "~~~~", "  ```"])
def test_a_fence_is_closed_and_opened_again(mark: str) -> None:
    text = f"{mark}py\none = 1\n\n    two = 2\nthree = 3\n{mark}\n\nend"
    assert split(text, 36) == [
        f"{mark}py\none = 1\n\n    two = 2\n{mark}",
        f"{mark}py\nthree = 3\n{mark}\n\nend",
    ]


def test_a_block_that_ends_at_a_cut_is_not_opened_again() -> None:
    assert split("```\n" + "a" * 20 + "\n```\nmore of it", 28) == ["```\n" + "a" * 20 + "\n```", "more of it"]


def test_a_fence_goes_with_what_it_opens() -> None:
    assert split("words of a paragraph\n```py\nprint(1)\nprint(2)\n```", 36) == [
        "words of a paragraph",
        "```py\nprint(1)\nprint(2)\n```",
    ]


def test_a_fence_that_is_still_open_is_closed() -> None:
    assert split("```py\nprint(1)", 80) == ["```py\nprint(1)\n```"]


def test_a_long_info_is_not_repeated_whole() -> None:
    first, second, *_ = split("```" + "i" * 60 + "\n" + "code\n" * 40, 120)
    assert first.startswith("```" + "i" * 60 + "\ncode\n")
    assert second.startswith("```" + "i" * 40 + "\ncode\n")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```" + "i" * 500 + "\ncode\n```", id="a fence longer than the limit"),
        pytest.param("`" * 500, id="only backticks"),
        pytest.param("``` " * 500, id="words of backticks"),
        pytest.param("\u0301" * 500, id="only accents"),
        pytest.param("\ud83d" * 500, id="halves of surrogate pairs"),
        pytest.param("word " * 20_000, id="one line of 100 KB"),
        pytest.param("```py\n" + "print(1)\n" * 10_000 + "```", id="a giant block"),
    ],
)
def test_whatever_the_text_pieces_keep_the_limit(text: str, measure: Measure) -> None:
    pieces = split(text, 50, measure)
    assert pieces
    assert max(map(measure, pieces)) <= 50


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(FAMILY, id="an emoji of several"),
        pytest.param("❤\ufe0f", id="a variation selector"),
        pytest.param("e\u0301", id="an accent"),
        pytest.param("🇩🇪", id="a flag"),
        pytest.param("👋🏽", id="a tone of skin"),
        pytest.param("\ud83d\ude00", id="a surrogate pair"),
    ],
)
def test_what_is_seen_as_one_character_is_not_cut(seen: str) -> None:
    assert {piece.replace(seen, "") for piece in split(seen * 30, 23)} == {""}


def test_work_grows_with_the_text_and_no_faster() -> None:
    def measured(text: str) -> int:
        seen = 0

        def counting(part: str) -> int:
            nonlocal seen
            seen += len(part)
            return octets(part)

        split(text, 400, counting)
        return seen

    for bit in ("word ", "x", "``` ", "```\n", "\n\n", "好。", "🇩🇪"):
        assert measured(bit * 8_000) <= 9 * measured(bit * 1_000) + 9_000
