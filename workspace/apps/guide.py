"""The demo app that a visitor meets first: a chat with an input of every kind, which answers in Markdown."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.apps.answer import MessageAnswer, usage
from workspace.apps.app import AppCall, Event, Mode, invalid_param
from workspace.apps.field import Field
from workspace.apps.form import Form, system_parameters
from workspace.apps.pace import paced
from workspace.storage import Database

_OPENING = """Hello {{name}}, I am the **guide to the pond**. Tell me when you come and what you like, and ask away.

I answer in *Markdown*, and I remember what you said."""
_SUGGESTED = ("What can we see there?", "Plan our days", "How do I count ducks in Python?")
_PONDS: Mapping[str, tuple[str, str]] = {
    "The village pond": ("mallards and a heron", "on foot"),
    "The river": ("dippers and a kingfisher", "by boat"),
    "The sea": ("eiders and scoters", "by ferry"),
}
_LONGEST_STAY = 7  # days that are written out

_FORM = Form(
    Field(kind="text-input", name="name", label="Your name", required=True, most=40),
    Field(kind="select", name="pond", label="Where to", options=tuple(_PONDS), default="The village pond"),
    Field(kind="number", name="days", label="Days", default=2),
    Field(kind="checkbox", name="children", label="Children come along"),
    Field(kind="paragraph", name="wishes", label="What you like", most=500),
    Field(kind="file", name="photo", label="A photo of a duck", types=("image",)),
    Field(kind="file-list", name="notes", label="Your notes", types=("document",), most=3),
)


@dataclass(frozen=True, slots=True)
class DemoGuide:
    """Plans a visit from its inputs, which count from the beginning of a conversation, as in Dify."""

    database: Database

    async def mode(self) -> Mode:
        return "chat"

    async def parameters(self) -> dict[str, Any]:
        return {
            "opening_statement": _OPENING,
            "suggested_questions": [*_SUGGESTED],
            "user_input_form": _FORM.declared(),
            "file_upload": {"enabled": True, "number_limits": 3, "allowed_file_types": ["image", "document"]},
            "system_parameters": system_parameters(),
        }

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        turns: list[dict[str, str]] = []
        if call.conversation_id:
            known = self.database.turns(call.conversation_id, call.app_id, call.user)
            if not known:
                raise invalid_param("")  # Dify says no more of a conversation that it does not know
            turns = known
            given = json.loads(turns[0]["given"])
            files: list[str] = []
        else:
            given = _FORM.values(call)
            files = [file.described() for _, file in _FORM.files(call, self.database)]
        files += [file.described() for file in _FORM.beside(call, self.database)]
        text = _answer(call.query, given, files, turns)
        answer = MessageAnswer(call.conversation_id)
        async for piece in paced(text):
            yield answer.message(piece)
        turns.append({"query": call.query, "answer": text, "given": json.dumps(given)})
        self.database.save_turns(answer.conversation_id, call.app_id, call.user, turns)
        yield answer.end(usage(call.query, text))


def _answer(query: str, given: Mapping[str, Any], files: list[str], turns: list[dict[str, str]]) -> str:
    parts = [] if turns else [_welcome(given)]
    parts.append(next((say for pattern, say in _SAYINGS if re.search(pattern, query, re.IGNORECASE)), _about)(given))
    parts += [f"I looked at {file}." for file in files]
    if turns:
        parts.append(f"Before this you asked me: “{turns[-1]['query']}”")
    return "\n\n".join(parts)


def _welcome(given: Mapping[str, Any]) -> str:
    told = {
        "Where to": given["pond"],
        "Days": given["days"],
        "Children": "yes" if given["children"] is True else "no",
        "You like": (given["wishes"] or "").replace("\n", " ") or "–",
    }
    rows = "\n".join(f"| {label} | {value} |" for label, value in told.items())
    return f"## Welcome, {given['name']}!\n\nThis is what I know of you:\n\n| Asked | Told |\n|---|---|\n{rows}"


def _sights(given: Mapping[str, Any]) -> str:
    birds, way = _PONDS[given["pond"]]
    return (
        f"At **{given['pond'].lower()}** there are {birds}. You get there {way}, and see most of them\n\n"
        "1. at dawn, when they *feed*,\n2. at noon, ~~when they sleep~~ from the hide,\n3. at dusk.\n\n"
        "> A duck that is looked at for long looks back.\n\n"
        "More about [ducks](https://en.wikipedia.org/wiki/Duck)."
    )


def _plan(given: Mapping[str, Any]) -> str:
    days = max(1, min(int(given["days"] or 1), _LONGEST_STAY))
    _, way = _PONDS[given["pond"]]
    lines = ["- [x] ask the guide"]
    lines += [f"- [ ] day {day}: {'look' if day % 2 else 'listen'}, {way}" for day in range(1, days)]
    lines.append(f"- [ ] day {days}: go home" + (", with tired children" if given["children"] is True else ""))
    return "### Your plan\n\n" + "\n".join(lines)


def _code(given: Mapping[str, Any]) -> str:
    return (
        "Like this, with one duck for each day:\n\n```python\n"
        f'ducks = ["quack"] * {int(given["days"] or 0)}\n\n'
        "for number, duck in enumerate(ducks, start=1):\n    print(number, duck)  # one at a time\n```"
    )


def _about(given: Mapping[str, Any]) -> str:
    return (
        f"Quack! At {given['pond'].lower()} nobody has asked me that yet. Ask what there is to *see*, for a *plan*,"
        " or how to count ducks in `Python`."
    )


_SAYINGS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    (r"python|code|count", _code),
    (r"\bplan\b|\bdays?\b", _plan),
    (r"\bsee\b|\bbirds?\b|\bwatch\b", _sights),
)
