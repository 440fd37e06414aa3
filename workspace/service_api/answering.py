"""The three routes that run an app, and those that stop it.

Source: langgenius/dify, api/controllers/service_api/app: completion.py, workflow.py, and the app generators behind.
"""

from starlette.responses import JSONResponse, Response

from workspace.apps.answer import blocking
from workspace.apps.app import AppCall, Event, invalid_param
from workspace.service_api import payloads
from workspace.service_api.asked import Asked
from workspace.service_api.attached import Attached
from workspace.service_api.recording import Recording
from workspace.service_api.records import Owner, Records
from workspace.service_api.refusals import conversation_unknown
from workspace.service_api.running import Run, Runs
from workspace.service_api.streaming import EventStream, as_json
from workspace.stream import StreamEnd

_CUT_AFTER = 3  # events


class Answering:
    """The handlers of runs. Each raises Refused for what Dify finds wrong before the app runs."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._runs = Runs()

    async def chat(self, asked: Asked) -> Response:
        payload = payloads.read(payloads.ChatRequestPayload, asked.body)
        if asked.mode == "agent-chat" and payload.response_mode != "streaming":
            raise invalid_param("Agent Chat App does not support blocking mode")
        if not payload.query:
            raise invalid_param("query is required")
        conversation_id = payload.conversation_id
        if conversation_id and not self._records.conversation(conversation_id, Owner(asked.app_id, asked.user)):
            raise conversation_unknown()
        return await self._run(asked, payload)

    async def completion(self, asked: Asked) -> Response:
        return await self._run(asked, payloads.read(payloads.CompletionRequestPayload, asked.body))

    async def workflow(self, asked: Asked) -> Response:
        return await self._run(asked, payloads.read(payloads.WorkflowRunPayload, asked.body))

    async def stop(self, asked: Asked) -> Response:
        """Stop a run of this user; whether there is one is not told."""
        self._runs.stop(asked.id("task_id"), asked.app_id, asked.user)
        return JSONResponse({"result": "success"})

    async def _run(self, asked: Asked, payload: payloads.RunPayload) -> Response:
        attached = Attached(self._records, Owner(asked.app_id, asked.user), await asked.app.parameters())
        attached.check_inputs(payload.inputs)
        call = AppCall(
            app_id=asked.app_id,
            inputs=payload.inputs,
            query=payload.query,
            response_mode=payload.response_mode or "",
            conversation_id=payload.conversation_id or "",
            user=asked.user,
            files=attached.beside(payload.files or [], asked.mode),
            way="service_api",
        )
        run = Run(
            app=asked.app,
            call=call,
            mode=asked.mode,
            journalled=asked.call,
            recording=Recording(self._records, call, named=payload.auto_generate_name),
        )
        run.begin(self._runs, asked.faults.service_api_ping_s)
        if payload.response_mode == "streaming":
            return await _streamed(run, cut=asked.faults.service_api == "cut")
        return as_json(blocking(await _all(run), asked.mode))


async def _streamed(run: Run, *, cut: bool) -> Response:
    """Answer with the stream, whose headers leave with the first event or ping. Raises Refused before that."""
    try:
        first = await run.events.read()
    except StreamEnd:
        return Response(media_type="text/event-stream")
    return EventStream(run, first, cut_after=_CUT_AFTER if cut else None)


async def _all(run: Run) -> list[Event]:
    events = []
    try:
        while True:
            event = await run.events.read()
            if event is not None:
                events.append(event)
    except StreamEnd:
        return events
