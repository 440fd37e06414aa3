"""`/try`: what an app would get of a payload, before a template or a sender is entered in Dify."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from werkzeug import Request as PluginRequest
from werkzeug.test import EnvironBuilder

from relay import wire
from relay.call import Interface
from relay.errors import RelayError
from relay.incoming import access, mapping
from relay.incoming.received import receive
from relay.incoming.settings import SENDERS, Settings
from relay.outgoing.shape import shape
from relay.run.transcript import Transcript
from relay.senders import Ignored
from workspace.html import TEMPLATES

TEXTS = ("query_template", "inputs_template", "user_template", "answer_template")
EXAMPLE: Mapping[str, str] = {
    "webhook": "github",
    "headers": "Content-Type: application/json\nX-GitHub-Event: issues",
    "payload": """{
  "action": "opened",
  "issue": {"number": 7, "title": "A leak in the pond", "body": "Water everywhere."},
  "sender": {"login": "donald"}
}""",
    "query_template": "{{ body.issue.title }}: {{ body.issue.body }}",
    "inputs_template": '{"number": "{{ body.issue.number }}", "action": "{{ body.action }}"}',
    "user_template": "{{ body.sender.login }}",
    "answer_template": '{"text": "{{ answer }}"}',
}
ANSWER = {"event": "message", "answer": "Quack!", "message_id": "m", "conversation_id": "c"}
END = {"event": "message_end", "message_id": "m", "conversation_id": "c"}


async def show(request: Request) -> Response:
    """Show the form, and for a form that was sent what comes of it."""
    given = dict(EXAMPLE)
    if request.method == "POST":
        given = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    results, error = {}, ""
    try:
        results = outcome(given)
    except RelayError as refused:
        error = f"{int(refused.status)} {refused.code}: {refused.message}"
    page = TEMPLATES.get_template("try.html").render(
        given=given, texts=TEXTS, senders=[*SENDERS], results=results, error=error
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def outcome(given: Mapping[str, str]) -> dict[str, str]:
    """Map a payload as the relay does for a sender that signs. Gives each part by its name, as indented JSON.

    Raises RelayError.
    """
    fields = {name: given.get(name, "") for name in (*TEXTS, "webhook")}
    settings = Settings.read({**fields, "access": "signature", "hmac_header": "X-Signature"})
    sent = PluginRequest(
        EnvironBuilder(
            method="POST", data=given.get("payload", "").encode(), headers=_headers(given.get("headers", ""))
        ).get_environ()
    )
    received = receive(sent, app_id="", interface=Interface.ANY, endpoint_id="")
    scheme = access.choose_scheme(settings)
    messages = scheme.messages(received.delivery) if scheme else [received.delivery]
    parts: dict[str, Any] = {}
    for number, message in enumerate(messages, start=1):
        mapped = mapping.read(received, message, settings, scheme)
        of = f" of message {number}" if len(messages) > 1 else ""
        if isinstance(mapped, Ignored):
            parts[f"ignored, no app runs{of}"] = mapped.reason
            continue
        told = Transcript()
        for event in (ANSWER, END):
            told.add(event)
        parts |= {
            f"query{of}": mapped.asked.query,
            f"inputs{of}": mapped.asked.inputs,
            f"user{of}": mapped.asked.user,
            f"delivery id{of}": scheme.delivery_id(message) if scheme else None,
            f"JSON that goes back when the app says Quack!{of}": shape(
                told,
                template=settings.answer_template,
                context=mapped.context,
                sender=scheme.name if scheme else None,
                reply=mapped.reply,
            ),
        }
    return {name: wire.dump(value, indent=2) for name, value in parts.items()}


def _headers(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in text.splitlines())
    return [(name.strip(), value.strip()) for name, colon, value in pairs if colon and name.strip().isascii()]
