"""What a model thinks aloud before it answers: folded on the page, and no part of the answer.

Models that reason begin their text with it, between `<think>` and `</think>`; newer versions of Dify send it in
events of its own, `reasoning_chunk`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import escape

BEGIN, END = "<think>", "</think>"
LONGEST_BLANK = 1_000  # characters before a thought: what only begins after more is none


class Part(NamedTuple):
    """A piece of an answer."""

    text: str
    thought: bool = False


class Thinking:
    """Splits an answer as it comes. Only what the text begins with can be a thought."""

    def __init__(self) -> None:
        self.over = False  # all that comes is said
        self._within = False
        self._held = ""  # what may be a mark, or a part of one

    def split(self, text: str) -> Iterator[Part]:
        """Take what the app said next; give what of it can be told."""
        if self.over:
            yield Part(text)
            return
        self._held += text
        if not self._within:
            begun = self._held.lstrip()
            if len(begun) < len(BEGIN) and BEGIN.startswith(begun) and len(self._held) <= LONGEST_BLANK:
                return
            if not begun.startswith(BEGIN):
                yield from self.end()
                return
            self._within, self._held = True, begun.removeprefix(BEGIN)
        thought, found, said = self._held.partition(END)
        if found:
            self.over, self._held = True, ""
            yield from (Part(thought, thought=True), Part(said.lstrip()))
            return
        kept = _beginning(thought)
        self._held = thought[len(thought) - kept :]
        yield Part(thought[: len(thought) - kept], thought=True)

    def end(self) -> Iterator[Part]:
        """Give what is left: nothing comes any more, or no thought."""
        self.over = True
        yield Part(self._held, thought=self._within)
        self._held = ""


def said(answer: str) -> str:
    """Give an answer without what its model has thought."""
    thinking = Thinking()
    return "".join(part.text for part in (*thinking.split(answer), *thinking.end()) if not part.thought)


def _beginning(text: str) -> int:
    """Count the characters at a text's end that may begin the mark."""
    return next((size for size in range(len(END) - 1, 0, -1) if text.endswith(END[:size])), 0)


class Aloud:
    """The element in which a thought grows; each call gives HTML to append to the page."""

    def __init__(self, title: str) -> None:
        self._begin = (
            f'<details slot="answer" class="thought"><summary>{escape(title)}</summary><div class="plain" dir="auto">'
        )
        self.open = False

    def add(self, text: str) -> str:
        begin = "" if self.open else self._begin
        self.open = True
        return f"{begin}{escape(text)}"

    def close(self) -> str:
        end = "</div></details>\n" if self.open else ""
        self.open = False
        return end
