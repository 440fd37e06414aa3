"""POST /v1/chat/completions: an app answers a conversation."""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.incoming.openai import completions
from relay.openai.asking import Asked, plan


def create(client: Client, _: Mapping[str, Any]) -> Response:
    """Answer whole, or in chunks. Raises RelayError."""
    wanted = completions.read(client.received)
    asked = Asked(
        model=wanted.model,
        conversation=wanted.conversation,
        user=wanted.user,
        form="completion-chunks" if wanted.stream else "completion",
        options={"include_usage": wanted.include_usage},
    )
    return client.answer(plan(client, asked))
