"""Demo apps that show more than text: an agent with its tools and sources, and a run that waits for a person."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from workspace.apps.answer import MessageAnswer, WorkflowRun, usage
from workspace.apps.app import AppCall, Event, Mode, invalid_param
from workspace.apps.field import Field
from workspace.apps.form import Form
from workspace.apps.pace import paced, step
from workspace.storage import Database

_FOUND = "Mallards quack because the female calls her young; the male only rasps."
_SOURCE = {
    "position": 1,
    "dataset_id": "birds",
    "dataset_name": "Birds",
    "document_id": "ducks",
    "document_name": "Ducks of Europe.pdf",
    "data_source_type": "upload_file",
    "segment_id": "segment-1",
    "retriever_from": "api",
    "score": 0.92,
    "hit_count": 3,
    "word_count": len(_FOUND.split()),
    "segment_position": 7,
    "content": _FOUND,
    "page": 12,
    "title": "Ducks of Europe.pdf",
}


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """Looks something up with two tools, and says what it has found."""

    database: Database

    async def mode(self) -> Mode:
        return "agent-chat"

    async def parameters(self) -> dict[str, Any]:
        return {
            "opening_statement": "I look things up before I answer: you can see how.",
            "suggested_questions": ["Why do ducks quack?"],
            "user_input_form": [],
            "file_upload": {"enabled": False},
        }

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        turns = self.database.turns(call.conversation_id, call.app_id, call.user) if call.conversation_id else []
        if turns is None:
            raise invalid_param("")  # Dify says no more of a conversation that it does not know
        answer = MessageAnswer(call.conversation_id)
        looked_up = (
            ("I look into the book of birds.", "book_of_birds", {"words": call.query}, _FOUND),
            ("How loud is that?", "sound_meter", {"of": "mallard", "metres": 1}, "82 dB"),
        )
        for position, (thought, tool, asked, found) in enumerate(looked_up, 1):
            thought_id = str(uuid.uuid4())
            tool_input = json.dumps({tool: asked})
            yield answer.agent_thought(position, thought, tool=tool, tool_input=tool_input, thought_id=thought_id)
            await step(5)
            yield answer.agent_thought(
                position,
                thought,
                tool=tool,
                tool_input=tool_input,
                observation=json.dumps({tool: found}),
                thought_id=thought_id,
            )
        text = f"You asked “{call.query}”. The book says:\n\n> {_FOUND}\n\nI measured it: **82 dB** at one metre."
        async for piece in paced(text):
            yield answer.agent_message(piece)
        turns.append({"query": call.query, "answer": text})
        self.database.save_turns(answer.conversation_id, call.app_id, call.user, turns)
        yield answer.end(usage(call.query, text), sources=[_SOURCE])


_ASKED = Form(
    Field(kind="text-input", name="what", label="What for", required=True, most=100),
    Field(kind="number", name="sum", label="Sum", required=True),
)


@dataclass(frozen=True, slots=True)
class DemoApproval:
    """A workflow that waits for a person, for as long as that takes."""

    async def mode(self) -> Mode:
        return "workflow"

    async def parameters(self) -> dict[str, Any]:
        return {"user_input_form": _ASKED.declared(), "file_upload": {"enabled": False}}

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        given = _ASKED.values(call)
        run = WorkflowRun(given)
        yield run.started()
        begun, ended = run.node("Check the sum", "code", {"fits": given["sum"] < 1000})
        yield begun
        await step()
        yield ended
        content = f"**{given['what']}** for {given['sum']} is asked for.\n\nMay it be bought?"
        required = run.human_input_required("Ask the keeper", content, {"yes": "Buy it", "no": "Not now"})
        yield required
        yield run.paused(required)
