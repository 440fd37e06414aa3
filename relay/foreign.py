"""Text that others wrote, an app or Dify: what of it may be shown, and what may stand in a log."""

import re

LONGEST_TEXT = 500  # characters

TRACEBACK = re.compile(r"Traceback \(most recent call last\).*", re.DOTALL)
# a letter, digit or hyphen before it would make it part of a longer word; "_" stands in what is no word
SECRET = re.compile(r"(?<![A-Za-z0-9-])(?:sk|pk|app|xox[a-z]|gh[pousr]|whsec|Bearer)[-_ ][A-Za-z0-9*._-]{16,}")
PATH = re.compile(r"(?<![\w:/.])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\[\w.\\-]+")
# whatever a terminal or a reader of lines would act on
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def presentable(text: str) -> str:
    """Take tracebacks, file paths and keys out of a text, and the length that nobody reads."""
    text = text[: 20 * LONGEST_TEXT]  # what is far behind the end costs no search
    for pattern, instead in ((TRACEBACK, ""), (SECRET, "[secret]"), (PATH, "[path]")):
        text = pattern.sub(instead, text)
    text = text.strip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def for_log(text: str) -> str:
    """Give a presentable text on one line, so that nobody can write a line of the log."""
    return CONTROL.sub(" ", presentable(text))
