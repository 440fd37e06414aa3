"""What whoever asked by a page is shown when nothing came of it: the form again where something of it was refused.

Else what went wrong, with the same question below. Nothing that was typed is lost, but for chosen files, which no
page can hold.
"""

from dataclasses import replace
from http import HTTPStatus

from relay import wire
from relay.errors import RelayError
from relay.page import problem, start, texts
from relay.page.declared import Asking, Declared
from relay.page.view import View
from relay.run.failure import ConversationNotFound, MissingQuery

# of a request that an app never saw: whoever sent it can change something
REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


def page(
    error: RelayError, view: View, query: str, *, owner: bool, posted: bool, request_id: str = ""
) -> tuple[int, bytes]:
    """Give the status and the page. `posted`: by our form, and not by an address; `owner`: see `problem.page`."""
    if isinstance(error, MissingQuery):
        view = replace(view, declared=replace(view.declared or Declared(), asking=Asking.CHAT))
        told = texts.in_language(view.language).no_question if posted else ""
        status = error.status if posted else HTTPStatus.OK
        return int(status), wire.encode(start.page(view, query=query, problem=told))
    if isinstance(error, ConversationNotFound):  # what is sent again begins one
        view = replace(view, conversation_id="")
    elif error.begun or error.status not in REFUSED:
        shown = problem.page(error, view, owner=owner, query=query, request_id=request_id)
        return int(error.status), shown
    return int(error.status), wire.encode(start.page(view, query=query, problem=error.message))
