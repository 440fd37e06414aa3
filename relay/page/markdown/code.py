"""Code, in colours where its language has a name that is known."""

import re
from io import StringIO
from typing import Any

from markupsafe import Markup, escape
from pygments.formatters.html import HtmlFormatter

from relay.page.markdown.language import Language
from relay.page.markdown.languages import NAMED

LARGEST = 20_000  # characters that are coloured of one block
MOST = 100_000  # of one answer
LONGEST_NAME = 20  # of a language

WORD = re.compile(r"[\s{,:]")  # what ends the first word behind a fence: "js {1,3}", "rust,ignore", "py:main.py"
FORMATTER: Any = HtmlFormatter(nowrap=True)  # type: ignore[no-untyped-call]


class Colours:
    """What colours an answer's code: so much of it, and no more."""

    def __init__(self) -> None:
        self._left = MOST

    def html(self, code: str, info: str) -> Markup:
        """Give a block of code. `info` is what stands behind its fence."""
        language = NAMED.get(WORD.split(info.strip()[: LONGEST_NAME + 1], maxsplit=1)[0].lower())
        if language is None:
            return _pre(escape(code))
        inner = escape(code)
        if len(code) <= min(LARGEST, self._left):
            self._left -= len(code)
            inner = _coloured(code, language)
        return Markup('<figure class="listing"><figcaption>{}</figcaption>{}</figure>').format(
            language.label, _pre(inner)
        )


def _pre(inner: Markup) -> Markup:
    return Markup('<pre class="code" tabindex="0"><code>{}</code></pre>').format(inner)


def _coloured(code: str, language: Language) -> Markup:
    written = StringIO()
    FORMATTER.format(language.tokens(code), written)
    return Markup(written.getvalue())  # noqa: S704  the formatter escapes what it colours
