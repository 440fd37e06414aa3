"""Dialects that take Markdown as it is: only what would call somebody is made harmless.

A blank of no width (U+200B) does it, which is not seen: bots do so on GitHub (dependabot/dependabot-core#3157,
renovatebot/renovate#1083), and it holds in code as well, where an entity or a backslash would be shown.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby, pairwise

from markdown_it.token import Token

from relay.texts.parse import MOST_BRACKETS, crowded, parser

BREAK = "\u200b"
# "Formatting message text": mentions of people, channels, groups of users, all, and dates, which have a link
SLACK = re.compile(r"<(?=[@#][A-Z0-9]|!(?:channel|here|everyone|group|subteam|date)\b)", re.IGNORECASE)

LARGEST = 65_536  # characters; GitHub takes no longer comment. What is larger counts as having no code
MOST_DECLARATIONS = 200  # "<!" and "<?": each is looked through to the end of its paragraph
# a mention in the rendered text: only a letter or digit of ASCII before it makes it something else
AT = r"(?<![A-Za-z0-9])(?:@|&#0{0,6}64;|&#[xX]0{0,5}40;|&commat;)(?=[^\s\u200b])"
URL = r"(?<![A-Za-z0-9_])https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?[/?#][^\s<>\"'`()\[\]]*"
COMMAND = r"^[ \t]*/(?=[A-Za-z])"
CALLING = re.compile(f"{URL}|(?P<at>{AT})|(?P<command>{COMMAND})", re.MULTILINE)
WORD = re.compile(r"/[A-Za-z_]+(?:\s|\Z)")
TICKS = re.compile(r"\\.|`+", re.DOTALL)
RUN = re.compile(r"`+")

_PARSER = parser(html=True)


def slack(markdown: str) -> str:
    """Give Markdown for `markdown_text`, in which nobody is mentioned.

    Source: Slack docs, "Formatting message text".
    """
    return SLACK.sub(f"<{BREAK}", markdown)


def gfm(markdown: str) -> str:
    """Give Markdown for GitHub and GitLab, in which nobody is mentioned and no quick action starts.

    Code stays as it is, but a line of it that is a quick action is moved by one blank: GitLab looks for them at the
    beginning of lines, and knows less of code than Markdown does. References such as #1 notify nobody, and stay.
    Source: GitHub docs, "Basic writing and formatting syntax"; GitLab docs, "GitLab quick actions".
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    bounds = [bound for span in _code(text) for bound in span]

    def quiet(found: re.Match[str]) -> str:
        coded = bisect_right(bounds, found.start()) % 2 == 1
        if found["at"]:
            return found[0] if coded else f"{found[0]}{BREAK}"
        if found["command"]:
            if coded:
                return f" {found[0]}" if found[0] == "/" and WORD.match(text, found.start()) else found[0]
            return f"{found[0][:-1]}\\/"
        return found[0]

    return CALLING.sub(quiet, text)


def _code(text: str) -> list[tuple[int, int]]:
    """Tell where code stands, ascending. In doubt it is none."""
    if len(text) > LARGEST or crowded(text) or text.count("[") > MOST_BRACKETS:
        return []
    if text.count("<!") + text.count("<?") > MOST_DECLARATIONS:
        return []
    tokens = _PARSER.parse(text)
    starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text)]
    found = [
        (starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        for token in tokens
        if token.type in {"fence", "code_block"} and token.map
    ]
    written = [token for token in tokens if token.type == "inline" and token.map]
    for (first, last), group in groupby(written, key=lambda token: tuple(token.map or (0, 0))):
        begin, end = starts[first], starts[min(last, len(starts) - 1)]
        found += _spans(text, begin, end, list(group))
    found.sort()
    return [] if any(before[1] > after[0] for before, after in pairwise(found)) else found


def _spans(text: str, begin: int, end: int, tokens: list[Token]) -> list[tuple[int, int]]:
    """Find the code spans of a paragraph: those that the parser has found too."""
    known = [child.content for token in tokens for child in token.children or () if child.type == "code_inline"]
    found = list(_ticked(text[begin:end])) if known else []
    if [_content(text[begin + start + size : begin + stop - size]) for start, stop, size in found] != known:
        return []
    return [(begin + start, begin + stop) for start, stop, _ in found]


def _ticked(paragraph: str) -> Iterator[tuple[int, int, int]]:
    """Give where runs of backticks and the next runs of the same length begin and end, and their length."""
    runs: dict[int, list[int]] = {}
    for run in RUN.finditer(paragraph):
        runs.setdefault(len(run[0]), []).append(run.start())
    position = 0
    while opening := TICKS.search(paragraph, position):
        position = opening.end()
        if opening[0][0] == "\\":
            continue
        size = len(opening[0])
        same = runs.get(size, [])
        at = bisect_right(same, opening.start())
        if at < len(same):
            position = same[at] + size
            yield opening.start(), position, size


def _content(code: str) -> str:
    code = code.replace("\n", " ")
    return code[1:-1] if code.strip() and code[0] == code[-1] == " " else code
