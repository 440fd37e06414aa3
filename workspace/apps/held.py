"""Answers that stop before their last event until somebody lets them go on.

Whoever looks at what has come so far knows that the app is not done: no clock is in the way.
"""

import asyncio
from collections.abc import AsyncIterator

from workspace.apps.answer import MessageAnswer, WorkflowRun
from workspace.apps.answering import as_messages, nodes
from workspace.apps.app import AppCall, Event


class Gates:
    """What is held back, by name."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Event] = {}

    async def wait(self, name: str) -> None:
        """Wait until a name is let through."""
        await self._gate(name).wait()

    def open(self, name: str) -> None:
        """Let through what waits under a name, and whatever comes later."""
        self._gate(name).set()

    def close(self) -> None:
        """Hold everything back again."""
        self._gates.clear()

    def _gate(self, name: str) -> asyncio.Event:
        return self._gates.setdefault(name, asyncio.Event())


GATES = Gates()


async def held(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Say all but the last of a chat's messages, wait, and say it."""
    name, number = arguments
    answer = MessageAnswer(call.conversation_id)
    for index in range(int(number)):
        yield answer.message(f"part {index}\n\n")
    await GATES.wait(name)
    yield answer.message("the end")
    yield answer.end()


async def held_workflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Go through all but the last of a workflow's nodes, and wait within it."""
    name, number = arguments
    run = WorkflowRun(call.inputs)
    yield run.started()
    async for event in nodes(run, [number]):
        yield event
    begun, ended = run.node("Wait", "code")
    yield begun
    await GATES.wait(name)
    yield ended
    yield run.finished({"text": "the end"})


async def held_chatflow(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Do the same as a chat."""
    name, number = arguments
    answer = MessageAnswer(call.conversation_id)
    run = WorkflowRun(call.inputs, answer)
    yield run.started()
    async for event in as_messages(nodes(run, [number]), answer):
        yield event
    await GATES.wait(name)
    yield answer.end()
    yield run.finished({"answer": "the end"})
