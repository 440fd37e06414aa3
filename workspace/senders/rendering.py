"""How a text looks at its sender: each dialect as HTML, in which nothing stands but a few tags without scripts.

Source: Slack docs, "Formatting message text"; Telegram Bot API, "Formatting options"; WhatsApp's help, "How to format
your messages". Markdown is what Slack's `markdown_text`, Discord, GitHub and GitLab have in common.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape, unescape
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markupsafe import Markup

from workspace.senders.chat import Dialect

_LINK = re.compile(r"(?:https?|mailto|tg):[^\s\"<>]+", re.IGNORECASE)
_CODE = re.compile(r"```(?:\n?)(.+?)```|`([^`\n]+)`", re.DOTALL)
_MARKS = tuple(
    (re.compile(rf"(?<![\w{mark}]){re.escape(mark)}(?=\S)([^\n{mark}]+?)(?<=\S){re.escape(mark)}(?!\w)"), tag)
    for mark, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
)
_SLACK_LINK = re.compile(r"<((?:https?|mailto):[^\s|<>]+)(?:\|([^<>]*))?>|<([@#!][^<>|]*)(?:\|([^<>]*))?>")
_TELEGRAM = {
    "b": "strong",
    "strong": "strong",
    "i": "em",
    "em": "em",
    "u": "u",
    "ins": "u",
    "s": "s",
    "strike": "s",
    "del": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "a",
}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable("image")
)


def render(text: str, dialect: Dialect) -> Markup:
    """Give a text as HTML."""
    return Markup(_RENDERERS[dialect](text))  # noqa: S704 - each escapes


def _plain(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _markdown(text: str) -> str:
    return str(_MARKDOWN.render(text))


def _gfm(text: str) -> str:
    return _markdown(_COMMENT.sub("", text))


def _marked(text: str) -> str:
    """Render WhatsApp's marks, which are Slack's as well: bold, italic, struck, code."""
    return _around(_CODE, text, lambda found: _tag("pre", found[1]) if found[1] else _tag("code", found[2]), _inline)


def _mrkdwn(text: str) -> str:
    def between(part: str) -> str:
        return _around(_SLACK_LINK, part, _slack_link, lambda rest: _inline(unescape(rest)))

    def code(found: re.Match[str]) -> str:
        return _tag("pre", unescape(found[1])) if found[1] else _tag("code", unescape(found[2]))

    return _around(_CODE, text, code, between)


def _slack_link(found: re.Match[str]) -> str:
    if found[1]:
        return _link(unescape(found[1]), unescape(found[2] or found[1]))
    return escape(f"@{found[4]}" if found[4] else found[3])


def _around(
    pattern: re.Pattern[str], text: str, inside: Callable[[re.Match[str]], str], outside: Callable[[str], str]
) -> str:
    parts: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        parts += (outside(text[end : found.start()]), inside(found))
        end = found.end()
    return "".join([*parts, outside(text[end:])])


def _inline(text: str) -> str:
    shown = escape(text)
    for pattern, tag in _MARKS:
        shown = pattern.sub(rf"<{tag}>\1</{tag}>", shown)
    return shown.replace("\n", "<br>")


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _link(url: str, label: str) -> str:
    return f'<a href="{escape(url)}" rel="noreferrer">{escape(label)}</a>' if _LINK.fullmatch(url) else escape(label)


def _telegram(text: str) -> str:
    reader = _Telegram()
    reader.feed(text)
    reader.close()
    return "".join([*reader.parts, *(f"</{tag}>" for tag in reversed(reader.open) if tag)])


class _Telegram(HTMLParser):
    """Writes the tags that Telegram knows anew, and whatever else there is as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []  # "" for one that is not written

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        written = _TELEGRAM.get(tag, "")
        url = dict(attrs).get("href") or ""
        if written == "a" and not _LINK.fullmatch(url):
            written = ""
        self.open.append(written)
        if written:
            self.parts.append(f'<a href="{escape(url)}" rel="noreferrer">' if written == "a" else f"<{written}>")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the stand-in has checked that they fit
        if self.open and (written := self.open.pop()):
            self.parts.append(f"</{written}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data) if "pre" in self.open else _plain(data))


_RENDERERS: Mapping[Dialect, Callable[[str], str]] = {
    "plain": _plain,
    "markdown": _markdown,
    "gfm": _gfm,
    "mrkdwn": _mrkdwn,
    "whatsapp": _marked,
    "html": _telegram,
}
