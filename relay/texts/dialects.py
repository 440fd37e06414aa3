"""The senders' dialects: Markdown in, what a sender shows as the same out.

They never raise. What comes out may be longer than what went in: `fit` cuts so that it isn't too long.
"""

import re
from collections.abc import Callable
from functools import partial
from html import escape

from relay.texts import url
from relay.texts.measure import utf16
from relay.texts.render import render
from relay.texts.source import gfm, slack
from relay.texts.style import Lines, Link, Style, flush

__all__ = ["discord", "gfm", "mrkdwn", "plain", "slack", "telegram_html", "telegram_length", "whatsapp"]

WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:")
LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")
TELEGRAM_TAG = re.compile(r'</?(?:b|i|u|s|a|code|pre|blockquote)(?: (?:href|class)="[^"<>]*")?>|&(?:lt|gt|amp|quot);')
TELEGRAM_EMPTY = re.compile(r"<([bis])></\1>")
# a URL stays as it is: Discord links it, and would link the backslashes too
DISCORD_MARK = re.compile(r"https?://[^\s<>]+|[\\*_~|`]|\](?=\()")
DISCORD_BLOCK = re.compile(r"^(\s*)(?=#{1,3}\s|-#\s|>|[-+]\s)|^(\s*\d{1,9})(?=[.)]\s)", re.MULTILINE)

_escaped = partial(escape, quote=False)


def telegram_html(markdown: str) -> str:
    """Give Telegram's HTML. Source: Telegram Bot API, "Formatting options" and "HTML style".

    Code can't be part of anything but a quotation, and quotations don't nest.
    """
    shown = render(markdown, TELEGRAM)
    for _ in TELEGRAM.marks:  # what code ended at once, and they nest
        shown = TELEGRAM_EMPTY.sub("", shown)
    return shown


def telegram_length(text: str) -> int:
    """Measure as Telegram does, "after entities parsing": without tags, in units of UTF-16."""
    return utf16(TELEGRAM_TAG.sub(lambda found: "&" if found[0][0] == "&" else "", text))


def whatsapp(markdown: str) -> str:
    """Give WhatsApp's marks, which stand around whole words.

    Source: WhatsApp Help Center, "How to format your messages". What formats by accident can't be escaped, and stays.
    """
    return render(markdown, WHATSAPP)


def plain(markdown: str) -> str:
    """Give a text without marks, for LINE and Messenger, which show every character."""
    return render(markdown, PLAIN)


def mrkdwn(markdown: str) -> str:
    """Give Slack's own dialect, for response_url. Source: Slack docs, "Formatting message text"."""
    return render(markdown, MRKDWN)


def discord(markdown: str) -> str:
    """Give what Discord knows of Markdown. Source: Discord Help Center, "Markdown Text 101"."""
    return render(markdown, DISCORD)


def _prefixed(lines: Lines, _: int) -> Lines:
    return [f"> {line}".rstrip() for line in lines]


def _beside(link: Link, written: Callable[[str], str] = str) -> str:
    """Show a link as "text (url)", or as its URL alone; one that leads nowhere from here as its text."""
    if not WITH_SCHEME.match(link.url):
        return link.shown
    shown = written(url.bare(link.url))
    return shown if url.tells(link.words, link.url) else f"{link.shown} ({shown})"


def _fenced(code: str, language: str = "") -> Lines:
    """Give a code block; a fence in it would end it, and is broken by a blank of no width."""
    known = language if LANGUAGE.fullmatch(language) else ""
    return [f"```{known}", *code.replace("```", "``\u200b`").split("\n"), "```"]


def _ticked(code: str) -> str:
    return code if "`" in code else f"`{code}`"


def _telegram_block(code: str, language: str) -> Lines:
    known = f'<code class="language-{language}">' if LANGUAGE.fullmatch(language) else ""
    return flush(f"<pre>{known}{_escaped(code)}{'</code>' if known else ''}</pre>".split("\n"))


def _telegram_quote(lines: Lines, quoted: int) -> Lines:
    if quoted:
        return [f"&gt; {line}" for line in lines]
    return flush(f"<blockquote>{'\n'.join(lines)}</blockquote>".split("\n"))


def _telegram_link(link: Link) -> str:
    if url.safe(link.url):
        return f'<a href="{escape(url.closed(link.url))}">{link.shown}</a>'
    return _beside(link, _escaped)


def _mrkdwn_link(link: Link) -> str:
    if not url.safe(link.url):
        return _beside(link, _escaped)
    target = _escaped(url.closed(link.url))
    return f"<{target}>" if url.tells(link.words, link.url) else f"<{target}|{_escaped(link.words)}>"


def _discord_link(link: Link) -> str:
    if not url.web(link.url):
        return _beside(link, _discord_mark)
    if url.tells(link.words, link.url):
        return link.url
    # Discord doesn't mask a link by what looks like another
    return f"{link.shown} ({link.url})" if "://" in link.words else f"[{link.shown}]({url.closed(link.url)})"


def _discord_code(code: str) -> str:
    return f"`` {code} ``" if "`" in code and "``" not in code else _ticked(code)


def _discord_mark(text: str) -> str:
    return DISCORD_MARK.sub(lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", text)


def _discord_paragraph(shown: str) -> str:
    return DISCORD_BLOCK.sub(lambda found: f"{found[0]}\\", shown)


PLAIN = Style(
    escape=str,
    code=str,
    block=lambda code, _: flush(code.split("\n")),
    table=flush,
    link=_beside,
    quote=_prefixed,
)
WHATSAPP = Style(
    escape=str,
    code=_ticked,
    block=lambda code, _: flush(_fenced(code)),
    table=lambda lines: flush(_fenced("\n".join(lines))),
    link=_beside,
    quote=_prefixed,
    marks={"strong": ("*", "*"), "em": ("_", "_"), "s": ("~", "~")},
    joint="",
    one_line=True,
)
MRKDWN = Style(
    escape=_escaped,
    code=lambda code: _escaped(_ticked(code)),
    block=lambda code, _: flush(_fenced(_escaped(code))),
    table=lambda lines: flush(_fenced(_escaped("\n".join(lines)))),
    link=_mrkdwn_link,
    quote=_prefixed,
    marks={"strong": ("*", "*"), "em": ("_", "_"), "s": ("~", "~")},
    joint="\u200b",
    one_line=True,
)
DISCORD = Style(
    escape=_discord_mark,
    code=_discord_code,
    block=_fenced,
    table=lambda lines: _fenced("\n".join(lines)),
    link=_discord_link,
    quote=_prefixed,
    bullet="- ",
    marks={"strong": ("**", "**"), "em": ("*", "*"), "s": ("~~", "~~")},
    headings=3,
    paragraph=_discord_paragraph,
)
TELEGRAM = Style(
    escape=_escaped,
    code=lambda code: f"<code>{_escaped(code)}</code>",
    block=_telegram_block,
    table=lambda lines: _telegram_block("\n".join(lines), ""),
    link=_telegram_link,
    quote=_telegram_quote,
    marks={"strong": ("<b>", "</b>"), "em": ("<i>", "</i>"), "s": ("<s>", "</s>")},
    apart=True,
)
