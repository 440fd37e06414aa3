"""How each sender's text becomes HTML: as it is seen there, and never as more than a few tags."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workspace.senders.chat import Dialect
from workspace.senders.rendering import render

DIALECTS: tuple[Dialect, ...] = ("plain", "markdown", "gfm", "mrkdwn", "whatsapp", "html")
TAGS = frozenset(
    "a p br strong em s u code pre blockquote ul ol li table thead tbody tr th td hr h1 h2 h3 h4 h5 h6".split()  # noqa: SIM905
)
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://pond.example/x.png)",
    "<javascript:alert(1)|x>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="https://pond.example/" onclick="alert(1)">x</a>',
    '<https://pond.example/"onclick=alert(1)|x>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "*<b onclick=alert(1)>x</b>*",
    "```<script>```",
    "`</code><script>`",
    "</main><p style=x>",
)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize(
    ("dialect", "text", "html"),
    [
        ("plain", "1 < 2\n*x*", "1 &lt; 2<br>*x*"),
        ("markdown", "**Qu** `a<b`\n\n- ~~ck~~", None),
        ("gfm", "Quack<!-- hidden -->", "<p>Quack</p>\n"),
        ("markdown", "<!-- seen -->", "<p>&lt;!-- seen --&gt;</p>\n"),
        (
            "mrkdwn",
            "*Qu* _a_ ~c~ `*k*` 1 &lt; 2 <https://pond.example/?a=1&amp;b=2|pond> <@U1>",
            (
                "<strong>Qu</strong> <em>a</em> <s>c</s> <code>*k*</code> 1 &lt; 2 "
                '<a href="https://pond.example/?a=1&amp;b=2" rel="noreferrer">pond</a> @U1'
            ),
        ),
        ("mrkdwn", "snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("whatsapp", "*Qu* _a_ ```ck <b>```", "<strong>Qu</strong> <em>a</em> <pre>ck &lt;b&gt;</pre>"),
        ("html", "<b>Qu</b> a &lt; <i>ck</i>\n<pre>x\ny</pre>", None),
        (
            "html",
            '<a href="https://pond.example/">x</a><tg-spoiler>y</tg-spoiler>',
            '<a href="https://pond.example/" rel="noreferrer">x</a>y',
        ),
    ],
)
def test_a_text_looks_as_it_does_there(dialect: Dialect, text: str, html: str | None) -> None:
    expected = {
        "markdown": "<p><strong>Qu</strong> <code>a&lt;b</code></p>\n<ul>\n<li><s>ck</s></li>\n</ul>\n",
        "html": "<strong>Qu</strong> a &lt; <em>ck</em><br><pre>x\ny</pre>",
    }
    assert render(text, dialect) == (expected[dialect] if html is None else html)


@given(text=st.one_of(st.text(), st.lists(st.sampled_from([*HOSTILE, "*", "_", "`", "\n", "<", "|"])).map("".join)))
@example(text="".join(HOSTILE))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_whatever_a_text_says_nothing_but_a_few_tags_comes_of_it(dialect: Dialect, text: str) -> None:
    seen = Seen(render(text, dialect))
    assert seen.tags <= TAGS
    for name, value in seen.attributes:
        assert name in {"href", "rel", "class", "style", "start", "title"}
        if name == "href":
            assert not (value or "").lower().lstrip().startswith(("javascript", "data", "vbscript"))
        if name == "style":
            assert value in {"text-align:left", "text-align:right", "text-align:center"}
