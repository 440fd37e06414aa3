"""The demo apps: a chat, a workflow and a completion that answer from their input, at a model's pace."""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.apps.answer import MessageAnswer, WorkflowRun, usage
from workspace.apps.app import AppCall, Event, Mode, invalid_param
from workspace.apps.field import Field
from workspace.apps.form import Form, system_parameters
from workspace.apps.pace import paced, step
from workspace.storage import Database

_COUNT_LIMIT = 50
_DEFAULT_TEXT = "Ducks swim. Ducks fly. Above all, ducks quack, and nobody knows why the echo stays away."

_PICTURE = Field(kind="file", name="picture", label="A picture", types=("image",))
_DOCUMENTS = Field(kind="file-list", name="documents", label="Documents", types=("document",))

Turns = list[dict[str, str]]  # {"query", "answer", "at": "HH:MM:SS"}, oldest first


_CHAT_FORM = Form(Field(kind="text-input", name="name", label="Your name"), _PICTURE, _DOCUMENTS)
_WORKFLOW_FORM = Form(
    Field(kind="paragraph", name="text", label="Text", default=_DEFAULT_TEXT),
    Field(kind="file", name="file", label="A file"),
    _DOCUMENTS,
)
_COMPLETION_FORM = Form(Field(kind="text-input", name="topic", label="Topic", default="a pond"))
_COMPLETION_FILES: Mapping[str, Any] = {
    "enabled": True,
    "number_limits": 2,
    "allowed_file_types": ["image", "document"],
    "allowed_file_upload_methods": ["local_file"],
}


@dataclass(frozen=True, slots=True)
class DemoChat:
    """Talks about the query; keeps its conversations."""

    database: Database
    form: Form = _CHAT_FORM

    async def mode(self) -> Mode:
        return "chat"

    async def parameters(self) -> dict[str, Any]:
        return {
            "opening_statement": "Quack! Ask me something, or say “count to 5”, “markdown” or “what time is it”.",
            "suggested_questions": ["Why do ducks quack?", "Count to 5", "Show me some markdown"],
            "suggested_questions_after_answer": {"enabled": True},
            "user_input_form": self.form.declared(),
            "file_upload": {"enabled": True, "number_limits": 5},
            "system_parameters": system_parameters(),
        }

    def suggested(self, query: str) -> list[str]:
        """Return what to ask after a question."""
        return [f"Why do you say “{query}”?", "What time is it?", "Show me some markdown"]

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        turns: Turns = []
        if call.conversation_id:
            known = self.database.turns(call.conversation_id, call.app_id, call.user)
            if known is None:
                raise invalid_param("")  # Dify says no more of a conversation that it does not know
            turns = known
        name = self.form.text(call, "name")
        files = list(self.form.files(call, self.database))
        beside = _beside(self.form, call, self.database)
        text = _reply(call.query, turns)
        if name:
            text = f"Dear {name}: {text}"
        for field, file in files:
            text += f"\n\nIn `{field}` I see {file.described()}."
        text += beside
        answer = MessageAnswer(call.conversation_id)
        async for piece in paced(text):
            yield answer.message(piece)
        turns.append({"query": call.query, "answer": text, "at": time.strftime("%H:%M:%S")})
        self.database.save_turns(answer.conversation_id, call.app_id, call.user, turns)
        yield answer.end(usage(call.query, text))


def _beside(form: Form, call: AppCall, database: Database) -> str:
    return "".join(f"\n\nBeside the inputs I see {file.described()}." for file in form.beside(call, database))


def _reply(query: str, turns: Turns) -> str:
    for pattern, answer in _REPLIES:
        if found := re.search(pattern, query, re.IGNORECASE):
            return answer(found, turns)
    return _about(query, turns)


def _count(found: re.Match[str], _turns: Turns) -> str:
    last = min(int(found[1]), _COUNT_LIMIT)
    return ", ".join(str(number) for number in range(1, last + 1)) + ". Quack!"


def _times(_found: re.Match[str], turns: Turns) -> str:
    if not turns:
        return f"It is {time.strftime('%H:%M:%S')}, and this is our first turn."
    past = "\n".join(f"{number}. {turn['at']} – “{turn['query']}”" for number, turn in enumerate(turns, 1))
    return f"It is {time.strftime('%H:%M:%S')}. Before this we talked at:\n\n{past}"


def _markdown(_found: re.Match[str], turns: Turns) -> str:
    return (
        "# Quack in Markdown\n\n"
        "A duck can be **loud**, *quiet* or `const`.\n\n"
        "- swims\n- flies\n- quacks\n\n"
        "| Duck | Sound |\n|---|---|\n| Mallard | quack |\n| Rubber | squeak |\n\n"
        f'```python\nprint("quack" * {len(turns) + 1})\n```\n\n'
        "> More in [Wikipedia](https://en.wikipedia.org/wiki/Duck).\n"
    )


def _about(query: str, turns: Turns) -> str:
    found = query.split()
    longest = max(found, key=len)
    text = (
        f"Quack! You said “{query}”. That makes {len(found)} word{'' if len(found) == 1 else 's'}, "
        f"the longest of them “{longest}”, which a duck would say as “{_quacked(longest)}”."
    )
    if turns:
        text += f" This is turn {len(turns) + 1} of our conversation; last time you said “{turns[-1]['query']}”."
    return text


def _quacked(word: str) -> str:
    return re.sub(r"[aeiouy]+", "ua", word.lower()) + "-quack"


_REPLIES: tuple[tuple[str, Callable[[re.Match[str], Turns], str]], ...] = (
    (r"\bcount to (\d{1,9})\b", _count),
    (r"\b(?:time|when)\b", _times),
    (r"\b(?:markdown|table|list)\b", _markdown),
)


@dataclass(frozen=True, slots=True)
class DemoWorkflow:
    """Splits, counts and summarises its input `text`."""

    database: Database
    form: Form = _WORKFLOW_FORM

    async def mode(self) -> Mode:
        return "workflow"

    async def parameters(self) -> dict[str, Any]:
        return {
            "user_input_form": self.form.declared(),
            "file_upload": {"enabled": True, "number_limits": 5},
            "system_parameters": system_parameters(),
        }

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        text = self.form.text(call, "text")
        files = list(self.form.files(call, self.database))
        run = WorkflowRun(call.inputs)
        yield run.started()
        sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
        for event in run.node("Split", "code", {"sentences": sentences}):
            yield event
            await step()
        counts = {"sentences": len(sentences), "words": len(text.split()), "characters": len(text)}
        for event in run.node("Count", "code", counts):
            yield event
            await step()
        summary = f"{counts['words']} words in {counts['sentences']} sentences, in short: {_shortest(sentences)}"
        for field, file in files:
            summary += f" In {field} there is {file.described()}."
        started, finished = run.node("Summarise", "llm", {"text": summary})
        yield started
        async for piece in paced(summary):
            yield run.text_chunk(piece)
        yield finished
        described = [
            {"input": field, "name": file.name, "type": file.type, "size": file.size} for field, file in files
        ]
        yield run.finished(
            {"text": summary, **counts, "first": sentences[0] if sentences else "", "files": described}
        )


def _shortest(sentences: list[str]) -> str:
    return min(sentences, key=len) if sentences else "nothing."


@dataclass(frozen=True, slots=True)
class DemoCompletion:
    """Writes two lines about its input `topic`, and says the query, which reverse invocation never brings."""

    database: Database
    form: Form = _COMPLETION_FORM

    async def mode(self) -> Mode:
        return "completion"

    async def parameters(self) -> dict[str, Any]:
        return {"user_input_form": self.form.declared(), "file_upload": _COMPLETION_FILES}

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        topic = self.form.text(call, "topic")
        text = f"A duck once sat by {topic} and thought:\nhow fine is {topic}, when nobody asked for a quack!"
        if call.query and call.way == "service_api":
            text += f"\n\nYou said “{call.query}”."
        text += _beside(self.form, call, self.database)
        answer = MessageAnswer(completion=True)
        async for piece in paced(text):
            yield answer.message(piece)
        yield answer.end(usage(topic, text))
