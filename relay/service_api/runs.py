"""POST chat-messages, completion-messages and workflows/run: an app answers, whole or as it goes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from werkzeug import Response

from relay.call import Interface
from relay.client import Client
from relay.incoming import service
from relay.incoming.fields import Asked
from relay.plan import Plan

FORMS: Mapping[str, str] = {service.STREAMING: "service", service.BLOCKING: "service-blocking"}


def create(client: Client, _: Mapping[str, Any]) -> Response:
    """Run the app. Raises RelayError."""
    asked = service.read(client.received)
    if client.received.interface is Interface.WORKFLOW:
        asked = replace(asked, query="", conversation_id=None)  # it has neither
    return client.answer(_plan(client, asked))


def _plan(client: Client, asked: Asked) -> Plan:
    received = client.received
    form = FORMS[asked.response_mode or service.BLOCKING]
    delivery_id, fingerprint = client.identity(form)
    return Plan(
        caller=client.caller,
        endpoint_id=received.endpoint_id,
        hook_id=received.header("dify-hook-id"),
        call=client.giving(client.app_id(""), received.interface).call(asked),
        form=form,
        stoppable=True,
        delivery_id=delivery_id,
        fingerprint=fingerprint,
    )
