import pytest

from relay.page.markdown import render
from relay.page.markdown.links import leads, shown

OUT = 'rel="noopener nofollow noreferrer" target="_blank"'


def linked(target: str, words: str) -> str:
    return f'<a href="{target}" {OUT}>{words}</a>'


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        pytest.param("a\nb", "<p>a<br>\nb</p>\n", id="a line's end is a break"),
        pytest.param(
            "*a* **b** ~~c~~ `<d>`",
            "<p><em>a</em> <strong>b</strong> <s>c</s> <code>&lt;d&gt;</code></p>\n",
            id="inline",
        ),
        pytest.param('<b>a</b> & "c"', "<p>&lt;b&gt;a&lt;/b&gt; &amp; &quot;c&quot;</p>\n", id="HTML is text"),
        pytest.param(
            "<div>\n*a*\n</div>", "<p>&lt;div&gt;<br>\n<em>a</em><br>\n&lt;/div&gt;</p>\n", id="blocks of HTML too"
        ),
        pytest.param("  plain \u2028 & text  ", "<p>plain \u2028 &amp; text</p>\n", id="nothing of Markdown"),
        pytest.param("# a\n### b\n# c\n#", "<h3>a</h3>\n<h4>b</h4>\n<h3>c</h3>\n", id="headings without holes"),
        pytest.param("###### a\n\nb\n---", "<h3>a</h3>\n<h4>b</h4>\n", id="a heading begins below the page's"),
        pytest.param(
            "- [ ] a\n- [x] *b*\n- [y] c\n- [ ]",
            '<ul>\n<li class="task">☐ a</li>\n<li class="task">☑ <em>b</em></li>\n'
            "<li>[y] c</li>\n<li>[ ]</li>\n</ul>\n",
            id="tasks",
        ),
        pytest.param("3) a\n4) b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n', id="a list that goes on"),
        pytest.param(
            "| a | |\n|:-:|--:|\n| b | c |",
            '<div class="scroll" tabindex="0"><table>\n<thead>\n<tr>\n<th class="center">a</th>\n'
            '<td class="right"></td>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td class="center">b</td>\n'
            '<td class="right">c</td>\n</tr>\n</tbody>\n'
            "</table></div>\n",
            id="a table, aligned without a style",
        ),
        pytest.param(
            "    <a>", '<pre class="code" tabindex="0"><code>&lt;a&gt;\n</code></pre>\n', id="indented code"
        ),
    ],
)
def test_markdown_is_rendered(markdown: str, html: str) -> None:
    assert render(markdown) == html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        pytest.param("[a](https://x.example/?b=1&c)", linked("https://x.example/?b=1&amp;c", "a"), id="a link"),
        pytest.param('[a](HTTP://x.example "title")', linked("HTTP://x.example", "a"), id="one with a title"),
        pytest.param("[a](mailto:b@c.example)", '<a href="mailto:b@c.example">a</a>', id="an address"),
        pytest.param("<https://x.example>", linked("https://x.example", "https://x.example"), id="a bare one"),
        pytest.param(
            "[](https://x.example)", linked("https://x.example", "https://x.example"), id="one without words"
        ),
        pytest.param(
            "[&nbsp;](https://x.example)", linked("https://x.example", "https://x.example\u00a0"), id="blanks"
        ),
        pytest.param("[a](tel:1) [b](/c) [d](//e)", "[a](tel:1) [b](/c) [d](//e)", id="none of these"),
        pytest.param(
            "[a](https://münchen.example)", linked("https://xn--mnchen-3ya.example", "a"), id="other letters"
        ),
        pytest.param(
            f"[a](https://x.example/{'b' * 2_000})", f"[a](https://x.example/{'b' * 2_000})", id="one without an end"
        ),
        pytest.param("[a](https://\ud83d.example/\ud83d)", None, id="half a surrogate pair"),
    ],
)
def test_links_lead_only_to_the_web_and_to_mail(markdown: str, html: str | None) -> None:
    found = render(markdown)
    assert found == f"<p>{html}</p>\n" if html else "<a " not in found or "https://" in found


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        pytest.param(
            '![a "b" *c*](https://x.example/d.png "title")',
            '<img src="https://x.example/d.png" alt="a &quot;b&quot; c" loading="lazy" referrerpolicy="no-referrer">',
            id="a picture",
        ),
        pytest.param("![a](https://y.example/b.png)", linked("https://y.example/b.png", "a"), id="from elsewhere"),
        pytest.param(
            "![](http://x.example/b.png)", linked("http://x.example/b.png", "http://x.example/b.png"), id="http"
        ),
        pytest.param(
            "[![a](https://y.example)](https://z.example)", linked("https://z.example", "a"), id="in a link"
        ),
        pytest.param(
            "[![](https://x.example/b)](https://z.example)",
            linked(
                "https://z.example",
                'https://z.example<img src="https://x.example/b" alt="" loading="lazy" referrerpolicy="no-referrer">',
            ),
            id="without words in a link without words",
        ),
    ],
)
def test_pictures_are_shown_from_named_hosts_alone(markdown: str, html: str) -> None:
    assert render(markdown, ["x.example"]) == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    ("target", "hosts", "expected"),
    [
        ("https://x.example/a.png", ["x.example"], True),
        ("HTTPS://X.Example", ["x.EXAMPLE"], True),
        ("https://x.example?a#b", ["*"], True),
        ("https://a.x.example/", ["*.x.example"], True),
        ("https://a.b.x.example/", ["*.x.example"], True),
        ("https://xn--mnchen-3ya.example/", ["xn--mnchen-3ya.example"], True),
        ("https://x.example/", ["*.x.example"], False),
        ("https://.x.example/", ["*.x.example"], False),
        ("https://ax.example/", ["*.x.example"], False),
        ("https://a.x.example/", ["x.example"], False),
        ("https://x.example.evil.example/", ["x.example", "*.x.example"], False),
        ("http://x.example/", ["*"], False),
        ("//x.example/", ["*"], False),
        ("https://x.example:443/", ["x.example"], True),
        ("https://x.example:8443/a", ["x.example:8443"], True),
        ("https://a.x.example:8443/", ["*.x.example:8443", "*.x.example"], True),
        ("https://x.example:8443/", ["*"], True),
        ("https://x.example:8443/", ["x.example", "x.example:844"], False),
        ("https://x.example/", ["x.example:8443"], False),
        ("https://x.example:/", ["*"], False),
        ("https://x.example:x@evil.example/", ["*"], False),
        ("https://x.example./", ["*"], False),
        ("https://x.example@evil.example/", ["*"], False),
        ("https://x.example%2f.evil.example/", ["*"], False),
        ("https://x.example\\.evil.example/", ["*"], False),
        ("https://x\u3002example/", ["*"], False),
        ("https://[::1]/", ["*"], False),
        ("https:///x.example/", ["*"], False),
        ("https://x.example/", [], False),
        ("https://x.example/" + "a" * 2_000, ["*"], False),
    ],
)
def test_a_picture_s_host_is_read_strictly(target: str, hosts: list[str], expected: bool) -> None:
    assert shown(target, hosts) is expected


@pytest.mark.parametrize(
    "target", ["javascript:x", "data:text/html,x", "//x", "/x", "?x", "https:x", "https:///x", "mailto:"]
)
def test_what_is_no_address_of_the_web_or_of_mail_is_no_link(target: str) -> None:
    assert not leads(target)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("> " * 20 + "a", id="too deep"),
        pytest.param("|a" * 300 + "|\n" + "|-" * 300 + "|\n" + "|\n" * 20, id="a table that would be filled up"),
    ],
)
def test_what_is_too_entangled_stays_as_it_is(text: str) -> None:
    escaped = text.replace(">", "&gt;")
    assert render(text).rstrip() == f'<div class="plain">{escaped.rstrip()}\n</div>'


def test_an_answer_that_was_too_much_work_goes_on_plain() -> None:
    stars = "*" * 1_000
    html = render(f"{stars} *a*\n\n" * 300)
    rendered, plain = f"<p>{stars} <em>a</em></p>\n", f'<div class="plain">{stars} *a*\n</div>\n'
    assert html == rendered * html.count(rendered) + plain * (300 - html.count(rendered))
    assert 50 < html.count(rendered) < 100
