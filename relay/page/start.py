"""An app's page before anything was asked, and again with all that was typed when something of it does not fit."""

from collections.abc import Sequence

from relay.page import pieces
from relay.page.declared import QUERY
from relay.page.texts import Texts, in_language
from relay.page.view import View
from relay.page.wrong import Rule, Wrong


def page(
    view: View,
    *,
    name: str = "",
    query: str = "",
    problem: str = "",
    wrong: Sequence[Wrong] = (),
    unsent: bool = False,
) -> str:
    """Give the page with an app's form, the opening statement above it, and the suggested questions.

    `name` is the app's, for a view without a title. `problem` says why the form is shown again, in place of what
    `wrong` says by itself; each of these is told beside its field. `unsent`: whoever opened this page came
    with something to run, and nothing has run.
    """
    texts = in_language(view.language)
    told = {one.name: _told(one, texts) for one in wrong}
    if told and not problem:
        problem = told[QUERY] if [*told] == [QUERY] else texts.check_inputs
    return str(pieces.module("start.html").start(view, texts, name, query, problem, told, unsent))


def _told(one: Wrong, texts: Texts) -> str:
    if one.name == QUERY and one.rule is Rule.REQUIRED:
        return texts.no_question
    return texts.wrong[one.rule].format(n=one.limit)
