import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.page.markdown import render
from relay.page.markdown.language import Language
from relay.page.markdown.languages import LANGUAGES, NAMED
from tests.relay.page.markdown.document import read, strange

OPENERS = [
    '"',
    "'",
    "`",
    '"""',
    "'''",
    "/*",
    "<!--",
    "<![CDATA[",
    "<a b='",
    "<",
    "&",
    "\\",
    "${",
    "#[",
    '$@"',
    'R"a(',
]
OPENERS += [
    "//",
    "#",
    "\n",
    " ",
    "\t",
    "a",
    "0",
    "1.",
    "a.",
    "a b(",
    "[",
    "((",
    "@",
    "@@",
    "- a: ",
    "-",
    "日",
    "\ud83d",
    "\r",
]
languages = pytest.mark.parametrize("language", LANGUAGES, ids=[one.label for one in LANGUAGES])
codes = st.lists(st.sampled_from([*OPENERS, "*/", "-->", "]]>", ">", "]", "}", "if", "=", ":"]), max_size=40).map(
    "".join
)


def joined(language: Language, code: str) -> str:
    return "".join(piece for _, piece in language.tokens(code))


def coloured(info: str, code: str) -> str:
    html = render(f"```{info}\n{code}\n```\n")
    return html.partition("<code>")[2].partition("\n</code>")[0]


def test_twenty_languages_have_names_of_their_own() -> None:
    assert len(LANGUAGES) == 20
    assert len(NAMED) == sum(len(one.names.split()) for one in LANGUAGES)


@languages
@given(codes)
def test_colours_lose_nothing_of_the_code(language: Language, code: str) -> None:
    assert joined(language, code) == code


# each of these takes some lexer of Pygments minutes
@languages
def test_code_that_opens_and_never_closes_is_no_work(language: Language) -> None:
    for opener in OPENERS:
        code = opener * (20_000 // len(opener))
        assert joined(language, code) == code


@languages
@pytest.mark.parametrize("code", ["</code></pre><script>", '"><b>', "&amp;<x y='<'>", "a\n\n<!--<b>\n"])
def test_code_stays_text(language: Language, code: str) -> None:
    root = read(render(f"```{language.names.split()[0]}\n{code}\n```\n"))
    assert strange(root) == []
    assert root.text == f"{language.label}{code}\n\n"


@pytest.mark.parametrize(
    ("info", "code", "html"),
    [
        pytest.param(
            "py title=x",
            'def f(): return "a"  # b',
            '<span class="k">def</span> <span class="nf">f</span>(): <span class="k">return</span>'
            ' <span class="s">"a"</span>  <span class="c"># b</span>',
            id="Python",
        ),
        pytest.param(
            "JSON",
            '{"a": [1, true]}',
            '{<span class="nt">"a"</span>: [<span class="m">1</span>, <span class="kc">true</span>]}',
            id="JSON",
        ),
        pytest.param(
            "html",
            '<a href="x">&lt;</a>',
            '<span class="nt">&lt;a</span> <span class="na">href</span>=<span class="s">"x"</span>'
            '<span class="nt">&gt;</span><span class="kc">&amp;lt;</span><span class="nt">&lt;/a&gt;</span>',
            id="HTML",
        ),
        pytest.param(
            "diff", "-a\n+b\n c", '<span class="gd">-a</span>\n<span class="gi">+b</span>\n c', id="a difference"
        ),
        pytest.param("sql", "Select 1", '<span class="k">Select</span> <span class="m">1</span>', id="SQL"),
        pytest.param("sh", "echo $A", '<span class="kt">echo</span> <span class="nv">$A</span>', id="Bash"),
        pytest.param("unheard-of", "if <1>", "if &lt;1&gt;", id="a language that is not known"),
        pytest.param("", "if <1>", "if &lt;1&gt;", id="none"),
    ],
)
def test_code_is_coloured(info: str, code: str, html: str) -> None:
    assert coloured(info, code) == html


def test_only_a_known_language_is_named() -> None:
    assert render("```rs,ignore\n```") == (
        '<figure class="listing"><figcaption>Rust</figcaption>'
        '<pre class="code" tabindex="0"><code></code></pre></figure>\n'
    )
    assert render("```<b>\n```") == '<pre class="code" tabindex="0"><code></code></pre>\n'


def test_one_answer_colours_only_so_much() -> None:
    block = "```py\n" + "if\n" * 6_000 + "```\n"
    assert render(block * 7).count("<span") == 5 * 6_000
    assert "<span" not in render("```py\n" + "if\n" * 7_000 + "```\n")
