"""The scripts of apps that answer well, each a function of the id's arguments and the call."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from workspace.apps.answer import MessageAnswer, WorkflowRun
from workspace.apps.app import AppCall, Event
from workspace.apps.field import FILE_METHODS, FILE_TYPES, Field, Kind
from workspace.apps.filling import WORDS, filling
from workspace.apps.form import Form

MARKDOWN = """# Ducks

Ducks **swim** and `quack`.

- one
- two

```python
print('quack <b>')
```

| a | b |
|---|---|
| 1 | 2 |

[link](https://example.org) done."""

RICH = """## Ducks <b>swim</b> 🦆

They *quack* **loudly** & ~~never~~ `<bark>`, see [the pond](https://example.org/pond?a=1&b=2).

![A duck](https://example.org/duck.png)

| a | b |
|---|---|
| 1 | <2> |

> quoted

```python
print("quack <b> & more")
```

1. one
2. two: @channel @everyone <!channel> #7

/close
"""
SOURCES = ({"position": 1, "document_name": "Ducks of_Europe.pdf", "dataset_name": "Birds", "score": 0.9},)
FILES = (
    {"type": "image", "url": "https://example.org/drake.png", "belongs_to": "assistant", "filename": "drake.png"},
)

_XSS = ("<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>")

_KINDS_OF_FIELDS: Mapping[str, Kind] = {
    "text": "text-input",
    "paragraph": "paragraph",
    "select": "select",
    "number": "number",
    "checkbox": "checkbox",
    "json": "json_object",
    "file": "file",
    "files": "file-list",
}


async def pause(arguments: list[str], at: int = 1) -> None:
    """Wait for the milliseconds that one of the arguments gives, if it is there."""
    if len(arguments) > at and (gap := int(arguments[at])):
        await asyncio.sleep(gap / 1000)


def field_of(argument: str) -> Field:
    """Read `<kind>.<name>`, and what is said of it behind further dots, as scripted.py has it. Raises ValueError."""
    kind, _, rest = argument.partition(".")
    name, *marks = rest.split(".")
    if kind not in _KINDS_OF_FIELDS or not name:
        raise ValueError(f"{argument} describes no field")
    said: dict[str, Any] = {}
    for mark in marks:
        said |= _said(mark)
    return Field(kind=_KINDS_OF_FIELDS[kind], name=name, label=name.capitalize(), **said)


def _said(mark: str) -> dict[str, Any]:
    if mark in {"", "required"}:
        return {"required": bool(mark)}
    if mark in FILE_METHODS:
        return {"methods": (mark,)}
    first, *others = mark.split("+")
    if first in {"ext", "options"}:
        return {"extensions" if first == "ext" else first: tuple(others)}
    if first == "default":
        return {first: "+".join(others)}
    if first.isdecimal() and not others:
        return {"most": int(first)}
    if {first, *others} <= {*FILE_TYPES}:
        return {"types": (first, *others)}
    raise ValueError(f"{mark} says nothing of a field")


async def messages(arguments: list[str], call: AppCall, *, of_completion: bool = False) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id, completion=of_completion)
    size = int(arguments[2]) if len(arguments) > 2 else 0
    kind = arguments[3] if len(arguments) > 3 else WORDS
    for index in range(int(arguments[0])):
        yield answer.message(f" tok{index}{filling(kind, index, size)}")
        await pause(arguments)
    yield answer.end()


def completion(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return messages(arguments, call, of_completion=True)


def burst(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return messages(arguments[:1], call)


async def says(texts: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Answer a chat with a message for each text."""
    answer = MessageAnswer(call.conversation_id)
    for text in texts:
        yield answer.message(text)
    yield answer.end()


async def agent(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    yield answer.agent_thought(1, "I should ask the duck.", tool="duck", observation="quack")
    for index in range(int(arguments[0])):
        yield answer.agent_message(f" tok{index}")
        await pause(arguments)
    yield answer.end()


async def nodes(run: WorkflowRun, arguments: list[str], *, failing: str | None = None) -> AsyncIterator[Event]:
    """Go through so many nodes; the last one ends with the error, if there is one."""
    last = int(arguments[0]) - 1
    for index in range(last + 1):
        text = f"part {index} "
        started, finished = run.node(f"Step {index}", "llm", {"text": text}, error=failing if index == last else None)
        yield started
        await pause(arguments)
        yield run.text_chunk(text)
        yield finished


def parts(arguments: list[str]) -> str:
    """Give the text that all nodes make together."""
    return "".join(f"part {index} " for index in range(int(arguments[0])))


async def workflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in nodes(run, arguments):
        yield event
    yield run.finished({"text": parts(arguments), "inputs": dict(call.inputs)})


async def as_messages(events: AsyncIterator[Event], answer: MessageAnswer) -> AsyncIterator[Event]:
    """Turn a workflow's text into the messages of a chatflow."""
    async for event in events:
        yield answer.message(event["data"]["text"]) if event["event"] == "text_chunk" else event


async def chatflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    run = WorkflowRun(call.inputs, answer)
    yield run.started()
    async for event in as_messages(nodes(run, arguments), answer):
        yield event
    yield answer.end()
    yield run.finished({"answer": parts(arguments)})


async def silent(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    # Dify's pings are dropped on the way: a silent app sends nothing at all.
    seconds, *rest = arguments
    await asyncio.sleep(float(seconds))
    async for event in messages(rest, call) if rest else says(["late"], call):
        yield event


async def code(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Say one block of code, in twenty messages; its lines tell where they stand."""
    answer = MessageAnswer(call.conversation_id)
    text = block_of_code(int(arguments[0]))
    step = -(-len(text) // 20)
    for start in range(0, len(text), step):
        yield answer.message(text[start : start + step])
        await pause(arguments)
    yield answer.end()


def block_of_code(characters: int) -> str:
    lines = (f"quack({number:06}, '<b>&')  # ü" for number in range(characters // 26))
    return "\n".join(["```python", *lines, "```"])


async def rich(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    for start in range(0, len(RICH), 40):
        yield answer.message(RICH[start : start + 40])
    for file in FILES:
        yield {**answer.other("message_file"), "id": "file-1", **file}
    yield answer.end(sources=SOURCES)


async def paused(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    required = run.human_input_required("Ask the keeper", "May it swim?", {"yes": "Yes", "no": "No"})
    yield required
    yield run.paused(required)


def xss(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return says(list(_XSS), call)


async def markdown(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    for start in range(0, len(MARKDOWN), 7):
        yield answer.message(MARKDOWN[start : start + 7])
        await asyncio.sleep(0.02)
    yield answer.end()


def echo(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return says([json.dumps(call.body(), sort_keys=True, ensure_ascii=False)], call)


def big(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return says(["x" * int(arguments[0])], call)


async def parrot(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    await pause(arguments, at=0)
    async for event in says([call.query], call):
        yield event


async def mirror(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    await pause(arguments, at=0)
    yield run.finished(call.inputs)


async def form(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    taken = Form(*map(field_of, arguments)).taken(call)
    run = WorkflowRun(taken)
    yield run.started()
    yield run.finished(taken)


async def chat_form(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    taken = Form(*map(field_of, arguments)).taken(call)
    async for event in says([json.dumps(taken, ensure_ascii=False)], call):
        yield event
