"""Apps whose id says what they do, for tests.

    chat-<events>-<gap ms>[-<size>]     so many messages, each padded by <size> characters
    agent-<events>-<gap ms>             agent_thought, then agent_messages
    completion-<events>-<gap ms>
    workflow-<nodes>-<gap ms>           node_started, text_chunk, node_finished for each node
    chatflow-<nodes>-<gap ms>           the same as a chat: message_end, then workflow_finished
    burst-<events>                      messages as fast as they can be made
    big-<bytes>                         one message of that size
    silent-<seconds>                    nothing for so long, then one message
    error-<text>                        breaks off with the text before any event
    broken-<events>[-<gap ms>]          breaks off after the events
    cut-<events>                        stops after the events, without message_end
    errorevent-<events>-<status>-<code> sends Dify's error event after the events
    failed-<nodes>                      a workflow that fails: workflow_finished with status failed, then error
    http-<status>-<code>-<text>         refused with a status instead of a stream
    paused, xss, markdown, echo, unknownevents, malformed, realcompletion

In texts `_` stands for a space.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.apps.answer import MessageAnswer, WorkflowRun
from workspace.apps.app import App, AppCall, Broken, Event, Mode, Refused, unknown

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

_XSS = ("<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>")
_MALFORMED: tuple[Event, ...] = (
    {"event": "message", "answer": None},
    {"event": "message", "answer": ["a", "list"]},
    {"event": None},
    {"event": ["message"]},
    {"event": {"a": 1}},
    {},
    {"event": "message"},
    {"event": "message_end", "metadata": "quack"},
    {"event": "node_finished", "data": None},
    {"event": "text_chunk", "data": ["text"]},
    {"event": "workflow_finished", "data": "done"},
)

_Script = Callable[[list[str], AppCall], AsyncIterator[Event]]


@dataclass(frozen=True, slots=True)
class ScriptedApp:
    kind: "_Kind"
    arguments: list[str]

    async def mode(self) -> Mode:
        return self.kind.mode

    async def parameters(self) -> dict[str, Any]:
        return {
            "user_input_form": [],
            "file_upload": {"enabled": True},
            "opening_statement": "Quack?",
            "suggested_questions": ["Why?"],
        }

    def run(self, call: AppCall) -> AsyncIterator[Event]:
        return self.kind.script(self.arguments, call)


def find(app_id: str) -> App | None:
    """Return the app that an id describes; None when it describes none or its numbers are no numbers."""
    name, *arguments = app_id.split("-")
    if name not in _KINDS:
        return None
    kind = _KINDS[name]
    if len(arguments) < kind.required:
        return None
    try:
        for argument, number in zip(arguments, kind.numbers, strict=False):
            number(argument)
    except ValueError:
        return None
    return ScriptedApp(kind, arguments)


async def _pause(arguments: list[str]) -> None:
    if len(arguments) > 1 and (gap := int(arguments[1])):
        await asyncio.sleep(gap / 1000)


def _text(words: list[str]) -> str:
    return "-".join(words).replace("_", " ")


async def _messages(arguments: list[str], call: AppCall, *, completion: bool = False) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id, completion=completion)
    padding = "x" * int(arguments[2]) if len(arguments) > 2 else ""
    for index in range(int(arguments[0])):
        yield answer.message(f" tok{index}{padding}")
        await _pause(arguments)
    yield answer.end()


def _completion(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _messages(arguments, call, completion=True)


def _burst(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _messages(arguments[:1], call)


async def _says(texts: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    for text in texts:
        yield answer.message(text)
    yield answer.end()


async def _agent(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    yield answer.agent_thought(1, "I should ask the duck.", tool="duck", observation="quack")
    for index in range(int(arguments[0])):
        yield answer.agent_message(f" tok{index}")
        await _pause(arguments)
    yield answer.end()


async def _nodes(run: WorkflowRun, arguments: list[str]) -> AsyncIterator[Event]:
    for index in range(int(arguments[0])):
        text = f"part {index} "
        started, finished = run.node(f"Step {index}", "llm", {"text": text})
        yield started
        await _pause(arguments)
        yield run.text_chunk(text)
        yield finished


async def _workflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in _nodes(run, arguments):
        yield event
    text = "".join(f"part {index} " for index in range(int(arguments[0])))
    yield run.finished({"text": text, "inputs": dict(call.inputs)})


async def _failed(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in _nodes(run, arguments[:1]):
        yield event
    yield run.finished({}, status="failed", error="the duck flew away")
    yield {"event": "error", "code": "invalid_param", "message": "the duck flew away", "status": 400}


async def _chatflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    run = WorkflowRun(call.inputs, answer)
    yield run.started()
    async for event in _nodes(run, arguments):
        if event["event"] == "text_chunk":
            yield answer.message(event["data"]["text"])
        else:
            yield event
    yield answer.end()
    text = "".join(f"part {index} " for index in range(int(arguments[0])))
    yield run.finished({"answer": text})


async def _silent(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    # Dify's pings are dropped on the way: a silent app sends nothing at all.
    await asyncio.sleep(float(arguments[0]))
    async for event in _says(["late"], call):
        yield event


async def _error(arguments: list[str], _call: AppCall) -> AsyncIterator[Event]:
    raise Broken(_text(arguments) or "app not found")
    yield {}  # makes this a generator


async def _broken(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    async for event in _cut(arguments, call):
        yield event
    raise Broken("[models] Error: quota exceeded <b>x</b>")


async def _cut(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    for index in range(int(arguments[0])):
        yield answer.message(f" tok{index}")
        await _pause(arguments)


async def _error_event(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    async for event in _cut(arguments[:1], call):
        yield event
    yield {
        "event": "error",
        "task_id": "quack",
        "message_id": "quack",
        "status": int(arguments[1]),
        "code": arguments[2],
        "message": f"the model answered with {arguments[2]}",
    }


async def _http(arguments: list[str], _call: AppCall) -> AsyncIterator[Event]:
    raise Refused(int(arguments[0]), arguments[1], _text(arguments[2:]))
    yield {}  # makes this a generator


async def _real_completion(_arguments: list[str], _call: AppCall) -> AsyncIterator[Event]:
    # Dify's invoke_completion_app hands no query to a generator that requires one.
    raise unknown("Internal Server Error")
    yield {}  # makes this a generator


async def _paused(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    yield run.other(
        "human_input_required",
        {"form_id": "form-1", "node_id": "node-1", "node_title": "Ask the keeper", "form_content": "May it swim?"},
    )
    yield run.other("workflow_paused", {"paused_nodes": ["node-1"], "outputs": {}, "reasons": [], "status": "paused"})


def _xss(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _says(list(_XSS), call)


async def _markdown(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    for start in range(0, len(MARKDOWN), 7):
        yield answer.message(MARKDOWN[start : start + 7])
        await asyncio.sleep(0.02)
    yield answer.end()


def _echo(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _says([json.dumps(call.body(), sort_keys=True, ensure_ascii=False)], call)


async def _unknown_events(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    yield answer.other("duck_landed", data={"pond": 1})
    yield answer.message("quack")
    yield {"event": "feather", "colour": "white"}
    yield answer.end()
    yield answer.other("tts_message_end", audio="")


async def _malformed(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    for event in _MALFORMED:
        yield event
    async for event in _says(["survived"], call):
        yield event


def _big(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _says(["x" * int(arguments[0])], call)


@dataclass(frozen=True, slots=True)
class _Kind:
    mode: Mode
    script: _Script
    numbers: tuple[Callable[[str], object], ...] = ()  # what the first arguments must be
    required: int = 0  # arguments


_KINDS: Mapping[str, _Kind] = {
    "chat": _Kind("chat", _messages, (int, int, int), 1),
    "agent": _Kind("agent-chat", _agent, (int, int), 1),
    "completion": _Kind("completion", _completion, (int, int), 1),
    "workflow": _Kind("workflow", _workflow, (int, int), 1),
    "chatflow": _Kind("advanced-chat", _chatflow, (int, int), 1),
    "burst": _Kind("chat", _burst, (int,), 1),
    "big": _Kind("chat", _big, (int,), 1),
    "silent": _Kind("chat", _silent, (float,), 1),
    "error": _Kind("chat", _error),
    "broken": _Kind("chat", _broken, (int, int), 1),
    "cut": _Kind("chat", _cut, (int, int), 1),
    "errorevent": _Kind("chat", _error_event, (int, int), 3),
    "failed": _Kind("workflow", _failed, (int,), 1),
    "http": _Kind("chat", _http, (int,), 2),
    "paused": _Kind("workflow", _paused),
    "xss": _Kind("chat", _xss),
    "markdown": _Kind("chat", _markdown),
    "echo": _Kind("chat", _echo),
    "unknownevents": _Kind("chat", _unknown_events),
    "malformed": _Kind("chat", _malformed),
    "realcompletion": _Kind("completion", _real_completion),
}
