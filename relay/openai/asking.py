"""A conversation, planned as a run: where its parts go in the app, and in which of Dify's it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.client import Client
from relay.errors import InvalidParam
from relay.incoming import fields
from relay.incoming.access import Caller
from relay.incoming.openai.messages import Conversation
from relay.plan import Dialect, Plan
from relay.run.history import history_of, tell

SYSTEM = "system"  # the input of an app that takes what a client's system message says
TEXT_INPUTS = frozenset({"text-input", "paragraph"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client asks, in whichever of OpenAI's forms."""

    model: str  # "" for none
    conversation: Conversation
    user: str  # "" for nobody
    form: str
    instructions: str = ""  # before the conversation's own system messages
    previous: str = ""  # the id of the response that it goes on from
    options: Mapping[str, Any] = field(default_factory=dict)


def plan(client: Client, asked: Asked) -> Plan:
    """Decide what runs. Raises RelayError."""
    if not (asked.model or client.received.app_id or client.settings.app):
        raise InvalidParam("Name a model: an app's id, or a name that the endpoint's owner gave it.", param="model")
    app_id = client.app_id(asked.model)
    giving = client.giving(app_id)
    conversation = asked.conversation
    takes_system = any(
        kind in TEXT_INPUTS and declared.get("variable") == SYSTEM for kind, declared in giving.inputs()
    )
    system = "\n\n".join(filter(None, (asked.instructions, conversation.system)))
    before = "" if takes_system else system
    told = tell(conversation, system=before)
    inputs = {SYSTEM: system} if takes_system and system else {}
    into = giving.into(told, inputs)
    call = giving.call(
        fields.Asked(
            query=told,
            inputs={**into, **inputs},
            files=conversation.files,
            user=asked.user or None,
            placed=bool(into),
        )
    )
    delivery_id, fingerprint = client.identity(asked.form)
    return Plan(
        caller=client.caller,
        endpoint_id=client.received.endpoint_id,
        hook_id=client.received.header("dify-hook-id"),
        call=call,
        form=asked.form,
        options={
            "model": asked.model or client.settings.name_of(app_id),
            "created": int(client.host.clock()),
            **asked.options,
        },
        dialect=Dialect.OPENAI,
        history=history_of(
            conversation,
            app_id=app_id,
            user=call.user,
            named=client.caller is Caller.KEY,
            told=told,
            system=before,
            previous=asked.previous,
            placed=next(iter(into), ""),
        ),
        delivery_id=delivery_id,
        fingerprint=fingerprint,
    )
