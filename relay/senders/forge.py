"""What issues and comments have in common, on whichever forge: our own mark, who is mentioned, what is a command."""

import re
from collections.abc import Iterator

# what is looked at of one text
MOST_TEXT = 65_536  # characters
MOST_MENTIONS = 50

# at the end of whatever the relay writes, so that no relay answers it: invisible in Markdown. Not where it stands in
# a line, or before other words: there it is a person's quotation
MARK = re.compile(r"(?:\A|[\r\n])<!-- duck-relay:[0-9A-Za-z_-]{0,64} -->\s*\Z")

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)  # CommonMark, "Fenced code blocks"
CODE_SPAN = re.compile(r"`+[^`]*`+")
QUOTED = re.compile(r" {0,3}>")
COMMAND = re.compile(r"/\w+(?:\s|\Z)")
# GitHub's and GitLab's names; behind a slash stands a team's, or a file of a package
MENTION = re.compile(r"(?<![\w@/.`-])@([A-Za-z0-9_][A-Za-z0-9_.-]{0,254}+)(?!/)", re.ASCII)


def mark(delivery_id: str) -> str:
    """Give what stands in the last line of a comment that the relay writes."""
    return f"<!-- duck-relay:{delivery_id} -->"


def is_marked(text: str) -> bool:
    """Tell whether a relay has written this: by the mark in a line of its own, which is the last one."""
    return bool(MARK.search(text[-256:]))


def mentions(text: str) -> frozenset[str]:
    """Give the names that are mentioned, in lower case and without @; neither in code nor in what is quoted.

    Sources: GitHub docs, "Basic writing and formatting syntax: Mentioning people and teams"; GitLab docs,
    "GitLab Flavored Markdown".
    """
    found: set[str] = set()
    for line, code in lines(text[:MOST_TEXT]):
        if code or QUOTED.match(line):
            continue
        for name in MENTION.findall(CODE_SPAN.sub("` `", line)):
            found.add(name.rstrip(".-").lower())
            if len(found) == MOST_MENTIONS:
                return frozenset(found)
    return frozenset(found)


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Give each line, and whether it belongs to a fenced block of code."""
    fence = ""
    for line in text.split("\n"):
        found = FENCE.match(line)
        mark, rest = found.groups() if found else ("", "")
        if fence:
            yield line, True
            if mark.startswith(fence) and not rest.strip():
                fence = ""
        else:
            if mark and not (mark[0] == "`" and "`" in rest):
                fence = mark
            yield line, bool(fence)


def commandless(text: str) -> str:
    r"""Take the meaning of a command from each line that begins like one: an app's `/close` must not close anything.

    Outside code a backslash does it, which Markdown does not show, in code a blank. GitLab looks for them in what
    is left without carriage returns. Source: GitLab docs, "GitLab quick actions".
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(
        f"{' ' if code else chr(92)}{line}" if COMMAND.match(line) else line for line, code in lines(unix)
    )
