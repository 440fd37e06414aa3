import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.texts.dialects import discord, gfm, mrkdwn, plain, slack, telegram_html, telegram_length, whatsapp
from relay.texts.fit import fit
from relay.texts.measure import characters, octets, utf16

BREAK = "\u200b"
DIALECTS = [telegram_html, whatsapp, plain, mrkdwn, discord, slack, gfm]
BITS = [
    "*",
    "**",
    "_",
    "~~",
    "`",
    "```\n",
    "[",
    "](",
    ")",
    "http://a.b",
    "!",
    "<",
    ">",
    "&",
    "|",
    "\n|-|-|\n",
    "\n",
    "- ",
]
BITS += [
    "1. ",
    "# ",
    "> ",
    "word",
    "中",
    " ",
    "\n\n",
    "    ",
    "\\",
    "@name",
    "/close",
    "&#64;",
    "\ud83d",
    "😀",
    "<b>",
    "\r",
]
texts = st.lists(st.sampled_from(BITS), max_size=60).map("".join)

type Dialect = Callable[[str], str]


class Tags(HTMLParser):
    """Takes HTML as Telegram does: known tags, closed in the order they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "i", "s", "a", "code", "pre", "blockquote"}
        assert tag not in self.open
        assert set(self.open) <= {"b", "i", "s", "a", "blockquote"} or (tag, self.open[-1:]) == ("code", ["pre"])
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("markdown", "telegram", "whats", "bare", "slacks", "discords"),
    [
        pytest.param("# A *b*", "<b>A <i>b</i></b>", "*A _b_*", "A b", "*A _b_*", "# A *b*", id="heading"),
        pytest.param("#### A **b**", "<b>A b</b>", "*A b*", "A b", "*A b*", "**A b**", id="deep heading"),
        pytest.param("**b** ~~s~~", "<b>b</b> <s>s</s>", "*b* ~s~", "b s", "*b* ~s~", "**b** ~~s~~", id="marks"),
        pytest.param("**`c`**", "<code>c</code>", "*`c`*", "c", "*`c`*", "**`c`**", id="marked code"),
        pytest.param(
            "あ**強**い",
            "あ<b>強</b>い",
            "あ強い",
            "あ強い",
            f"あ{BREAK}*強*{BREAK}い",
            "あ**強**い",
            id="within a word",
        ),
        pytest.param(
            "[a & b](https://x.y/?a=1&b=(2))",
            '<a href="https://x.y/?a=1&amp;b=%282%29">a &amp; b</a>',
            "a & b (https://x.y/?a=1&b=(2))",
            "a & b (https://x.y/?a=1&b=(2))",
            "<https://x.y/?a=1&amp;b=%282%29|a &amp; b>",
            "[a & b](https://x.y/?a=1&b=%282%29)",
            id="link",
        ),
        pytest.param(
            "<https://x.y>",
            '<a href="https://x.y">https://x.y</a>',
            "https://x.y",
            "https://x.y",
            "<https://x.y>",
            "https://x.y",
            id="bare link",
        ),
        pytest.param(
            "![p](http://x.y/p.png)",
            '<a href="http://x.y/p.png">p</a>',
            "p (http://x.y/p.png)",
            "p (http://x.y/p.png)",
            "<http://x.y/p.png|p>",
            "[p](http://x.y/p.png)",
            id="image",
        ),
        pytest.param(
            "[a](tg://user?id=1)",
            "a (tg://user?id=1)",
            "a (tg://user?id=1)",
            "a (tg://user?id=1)",
            "a (tg://user?id=1)",
            "a (tg://user?id=1)",
            id="a link that may not be one",
        ),
        pytest.param("[a](#b)", "a", "a", "a", "a", "a", id="an anchor"),
        pytest.param(
            "- a\n  1. b\n\n     c\n- d", *["• a\n  1. b\n     c\n• d"] * 4, "- a\n  1. b\n     c\n- d", id="lists"
        ),
        pytest.param(
            "> a\n> > b",
            "<blockquote>a\n\n&gt; b</blockquote>",
            *["> a\n>\n> > b"] * 4,
            id="quotes",
        ),
        pytest.param(
            "```py\na<b\n```",
            '<pre><code class="language-py">a&lt;b</code></pre>',
            "```\na<b\n```",
            "a<b",
            "```\na&lt;b\n```",
            "```py\na<b\n```",
            id="code",
        ),
        pytest.param(
            "|a|b|\n|-|-|\n|中文|**c**|",
            "<pre>a    | b\n-----+--\n中文 | c</pre>",
            "```\na    | b\n-----+--\n中文 | c\n```",
            "a    | b\n-----+--\n中文 | c",
            "```\na    | b\n-----+--\n中文 | c\n```",
            "```\na    | b\n-----+--\n中文 | c\n```",
            id="table",
        ),
        pytest.param(
            r"\*a\* <b>", "*a* &lt;b&gt;", "*a* <b>", "*a* <b>", "*a* &lt;b&gt;", r"\*a\* <b>", id="no marks"
        ),
        pytest.param(r"\# a_b", "# a_b", "# a_b", "# a_b", "# a_b", r"\# a\_b", id="no heading"),
        pytest.param("", *[""] * 5, id="nothing"),
    ],
)
def test_markdown_becomes_what_the_sender_shows_as_the_same(
    markdown: str, telegram: str, whats: str, bare: str, slacks: str, discords: str
) -> None:
    shown = [dialect(markdown) for dialect in (telegram_html, whatsapp, plain, mrkdwn, discord)]
    assert shown == [telegram, whats, bare, slacks, discords]


def test_code_in_a_list_is_not_indented_where_it_would_show() -> None:
    markdown = "- a\n  ```\n  x\n  y\n  ```"
    assert telegram_html(markdown) == "• a\n<pre>x\ny</pre>"
    assert discord(markdown) == "- a\n  ```\n  x\n  y\n  ```"


def test_a_fence_in_a_block_ends_it_nowhere() -> None:
    assert discord("~~~\n```\n@all\n~~~") == f"```\n``{BREAK}`\n@all\n```"


def test_discord_gets_urls_without_backslashes_and_no_masked_ones() -> None:
    assert discord("https://x.y/a_b_c a_b") == r"https://x.y/a_b_c a\_b"
    assert discord("[https://bank.de](https://x.y)") == "https://bank.de (https://x.y)"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<!channel> <!here|x> <@U1> <#C1>", f"<{BREAK}!channel> <{BREAK}!here|x> <{BREAK}@U1> <{BREAK}#C1>"),
        ("`<!subteam^S1>`", f"`<{BREAK}!subteam^S1>`"),
        ("<!DOCTYPE html> <!-- x --> <https://x.y> a < b", "<!DOCTYPE html> <!-- x --> <https://x.y> a < b"),
    ],
)
def test_slack_mentions_nobody(typed: str, shown: str) -> None:
    assert slack(typed) == shown
    assert "<!" not in mrkdwn(typed)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        pytest.param("@me, _@me_ (@a/b)", f"@{BREAK}me, _@{BREAK}me_ (@{BREAK}a/b)", id="mentions"),
        pytest.param("&#64;a &#x40;a &commat;a", f"&#64;{BREAK}a &#x40;{BREAK}a &commat;{BREAK}a", id="entities"),
        pytest.param("a@b.c 3 @ 4", "a@b.c 3 @ 4", id="an address"),
        pytest.param("https://a.b/@c [@d](https://a.b/@d)", f"https://a.b/@c [@{BREAK}d](https://a.b/@d)", id="URLs"),
        pytest.param("https://@c", f"https://@{BREAK}c", id="no URL"),
        pytest.param("`@types/node` ``@a ` @b`` @c", f"`@types/node` ``@a ` @b`` @{BREAK}c", id="code spans"),
        pytest.param("\\`@a` @b", f"\\`@{BREAK}a` @{BREAK}b", id="no code span"),
        pytest.param("> `@a\n> b`", f"> `@{BREAK}a\n> b`", id="in doubt no code"),
        pytest.param("<div>\n```\n@a\n```\n</div>", f"<div>\n```\n@{BREAK}a\n```\n</div>", id="no code in HTML"),
        pytest.param("```\n@a\n```\n@b", f"```\n@a\n```\n@{BREAK}b", id="a block"),
        pytest.param("- a\n\n      @b\n", "- a\n\n      @b\n", id="an indented block"),
        pytest.param("/close\r\n /assign me\na /b", "\\/close\n \\/assign me\na /b", id="quick actions"),
        pytest.param("~~~\n/close\n/usr/bin\n~~~", "~~~\n /close\n/usr/bin\n~~~", id="quick actions in code"),
        pytest.param("`a\n/close\nb`", "`a\n /close\nb`", id="quick actions in a code span"),
        pytest.param("#1 !2", "#1 !2", id="references"),
    ],
)
def test_an_answer_on_github_or_gitlab_calls_nobody(typed: str, shown: str) -> None:
    assert gfm(typed) == shown
    assert gfm(shown) == shown


@given(texts)
def test_telegram_gets_html_it_takes(text: str) -> None:
    tags = Tags()
    tags.feed(telegram_html(text))
    tags.close()
    assert tags.open == []


@given(texts)
def test_no_line_of_an_answer_is_a_quick_action_and_nothing_outside_code_a_mention(text: str) -> None:
    assert not re.search(r"(?m)^/[a-z]+(\s|$)", gfm(text))
    assert not re.search(r"(?<![A-Za-z0-9/])@[a-z]", gfm(text.replace("`", "").replace("    ", "")))


@given(texts, st.sampled_from([telegram_html, mrkdwn]))
def test_what_is_not_ours_is_escaped(text: str, dialect: Dialect) -> None:
    assert not re.search(r"<[!@#]|<(?!/?[a-z])|&(?!(?:amp|lt|gt|quot);)", dialect(text))


@given(texts, st.integers(40, 200), st.sampled_from(DIALECTS))
def test_converted_pieces_keep_the_limit(text: str, limit: int, dialect: Dialect) -> None:
    measure = telegram_length if dialect is telegram_html else octets
    assert [piece for piece in fit(text, limit, measure, dialect, source=octets) if measure(piece) > limit] == []


def test_a_piece_that_grows_is_cut_smaller() -> None:
    pieces = fit("a < b " * 4, 20, characters, mrkdwn)
    assert max(map(len, pieces)) <= 20
    assert " ".join(pieces) == " ".join(["a &lt; b"] * 4)


def test_telegram_counts_without_tags() -> None:
    assert telegram_length('<a href="https://x.y">a&amp;😀</a> <b>c</b>') == 6
    assert fit("**" + "a" * 30 + "**", 40, telegram_length, telegram_html, source=utf16) == [f"<b>{'a' * 30}</b>"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "bit",
    [
        *["*a ", "*a**", "[", "![", "[a](", "> ", "- ", "|", "` `` ", "<!--", "&#64;", "\\", "\ud83d", "[a]: b\n"],
        pytest.param("|" + "a|" * 120 + "\n|" + "-|" * 120 + "\n" + "|\n" * 40, id="wide tables"),
    ],
)
def test_a_text_of_one_thing_is_converted_all_the_same(bit: str, dialect: Dialect) -> None:
    shown = dialect(bit * (6_000 // len(bit)))
    assert len(shown) < 60_000


@pytest.mark.parametrize("dialect", [telegram_html, whatsapp, plain, mrkdwn, discord])
@pytest.mark.parametrize("mark", ["> ", "- "])
def test_what_is_nested_too_deep_is_not_lost(mark: str, dialect: Dialect) -> None:
    assert "the end" in dialect(mark * 100 + "the end")
