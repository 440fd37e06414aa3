"""POST /v1/responses: an app answers. Responses themselves are not kept; where one can go on from is."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.errors import NotFound
from relay.incoming.openai import responses
from relay.openai.asking import Asked, plan


def create(client: Client, _: Mapping[str, Any]) -> Response:
    """Answer whole, or in events. Raises RelayError."""
    wanted = responses.read(client.received)
    asked = Asked(
        model=wanted.model,
        conversation=wanted.conversation,
        user=wanted.user,
        form="response-events" if wanted.stream else "response",
        options={"id": token_hex(16), "echoed": wanted.echoed},
        instructions=wanted.instructions,
        previous=wanted.previous,
    )
    return client.answer(plan(client, asked))


def find(_: Client, __: Mapping[str, Any]) -> Response:
    """Say that no response is kept. Raises NotFound."""
    raise NotFound("Responses are not kept here: all that there is of one was in the answer that it came with.")
