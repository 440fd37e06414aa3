"""The scripts of apps that fail or misbehave, each a function of the id's arguments and the call.

Source of how streams end: generate_task_pipeline.py of Dify's workflow and advanced_chat apps. A workflow that failed
or was stopped ends with workflow_finished alone; a chatflow that failed sends an error after it, and no message_end.
"""

from collections.abc import AsyncIterator

from workspace.apps.answer import MessageAnswer, WorkflowRun
from workspace.apps.answering import as_messages, messages, nodes, pause, says
from workspace.apps.app import AppCall, Broken, Event, Refused, unknown

_FAILURE = "the duck flew away"
_QUOTA = "[models] Error: quota exceeded <b>x</b>"
_STOPPED = "Stopped by user."
_HUGE = 10**400  # JSON knows no largest number; no float holds this one

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


def _text(words: list[str]) -> str:
    return "-".join(words).replace("_", " ")


async def error(arguments: list[str], _call: AppCall) -> AsyncIterator[Event]:
    raise Broken(_text(arguments) or "app not found")
    yield {}  # makes this a generator


async def _messages(arguments: list[str], answer: MessageAnswer) -> AsyncIterator[Event]:
    for index in range(int(arguments[0])):
        yield answer.message(f" tok{index}")
        await pause(arguments)


def cut(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    return _messages(arguments, MessageAnswer(call.conversation_id))


async def broken(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    async for event in cut(arguments, call):
        yield event
    raise Broken(_text(arguments[2:]) or _QUOTA)


async def error_event(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    events, status, code, *text = arguments
    answer = MessageAnswer(call.conversation_id)
    async for event in _messages([events], answer):
        yield event
    yield answer.error(int(status), code, _text(text) or f"the model answered with {code}")


async def failed(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in nodes(run, arguments[:1], failing=_FAILURE):
        yield event
    yield run.finished({}, status="failed", error=_FAILURE)


async def failed_chatflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    run = WorkflowRun(call.inputs, answer)
    yield run.started()
    async for event in as_messages(nodes(run, arguments[:1], failing=_FAILURE), answer):
        yield event
    yield run.finished({}, status="failed", error=_FAILURE)
    yield answer.error(400, "invalid_param", f"Run failed: {_FAILURE}")


async def stopped(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in nodes(run, arguments[:1]):
        yield event
    yield run.finished({}, status="stopped", error=_STOPPED)


async def http(arguments: list[str], _call: AppCall) -> AsyncIterator[Event]:
    raise Refused(int(arguments[0]), arguments[1], _text(arguments[2:]))
    yield {}  # makes this a generator


async def real_completion(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    if call.way == "reverse_invocation":
        # Dify's invoke_completion_app hands no query to a generator that requires one.
        raise unknown("Internal Server Error")
    async for event in messages(["3"], call, of_completion=True):
        yield event


async def unknown_events(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    answer = MessageAnswer(call.conversation_id)
    yield answer.other("duck_landed", data={"pond": 1})
    yield answer.message("quack")
    yield {"event": "feather", "colour": "white"}
    yield answer.end()
    yield answer.other("tts_message_end", audio="")


async def malformed(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    for event in _MALFORMED:
        yield event
    async for event in says(["survived"], call):
        yield event


async def numbers(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Finish with numbers that are no JSON, or too large for a float."""
    run = WorkflowRun(call.inputs)
    yield run.started()
    started, finished = run.node("Count", "code", {"nan": float("nan")})
    yield started
    finished["data"]["elapsed_time"] = _HUGE
    yield finished
    end = run.finished({"text": "counted", "nan": float("nan"), "infinite": float("inf"), "huge": _HUGE})
    end["data"] |= {"elapsed_time": _HUGE, "total_tokens": _HUGE, "total_steps": float("inf")}
    yield end
