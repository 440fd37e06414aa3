"""The answers of earlier turns, as a page shows them above a question."""

from collections.abc import Sequence

from markupsafe import Markup

from relay.page.markdown import render
from relay.page.turns import Turns

MOST_RENDERED = 48 * 1024  # characters: the newest as Markdown, what is older as text, so that a page begins at once


def rendered(turns: Turns, image_hosts: Sequence[str]) -> Sequence[Markup]:
    """Give each turn's answer, in their order."""
    left = MOST_RENDERED
    answers: list[Markup] = []
    for turn in reversed(turns.latest):
        answers.append(render(turn.answer, image_hosts, max(left, 0)))
        left -= len(turn.answer)
    return answers[::-1]
