"""Conversations, their messages, and the runs of workflows, after they were.

Source: langgenius/dify, api/controllers/service_api/app: conversation.py, message.py, workflow.py, and the services.
"""

from typing import Any, Protocol, runtime_checkable

from starlette.responses import JSONResponse, Response

from workspace.apps.app import Refused, invalid_param
from workspace.service_api import payloads
from workspace.service_api.asked import Asked
from workspace.service_api.records import Conversation, Message, Owner, Records, named_by
from workspace.service_api.refusals import conversation_unknown, message_unknown, not_found

_SUCCESS = {"result": "success"}


@runtime_checkable
class Suggesting(Protocol):
    """An app that knows what to ask next."""

    def suggested(self, query: str) -> list[str]: ...


class Remembered:
    """The handlers of what was."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def conversations(self, asked: Asked) -> Response:
        query = payloads.read(payloads.ConversationListQuery, asked.request.query_params)
        known = self._records.conversations(_owner(asked), query.sort_by)
        if query.last_id:
            at = next((index for index, one in enumerate(known) if one.id == str(query.last_id)), None)
            if at is None:
                raise not_found("Last Conversation Not Exists.")
            known = known[at + 1 :]
        page = [await _conversation(asked, one) for one in known[: query.limit]]
        return JSONResponse({"limit": query.limit, "has_more": len(known) > query.limit, "data": page})

    async def delete(self, asked: Asked) -> Response:
        self._records.delete(self._conversation(asked).id)
        return Response(status_code=204)

    async def rename(self, asked: Asked) -> Response:
        payload = payloads.read(payloads.ConversationRenamePayload, asked.body)
        known = self._conversation(asked)
        name = payload.name or ""
        if payload.auto_generate:
            name = named_by(self._records.messages(known.id)[0].told["query"])
        self._records.rename(known.id, name)
        return JSONResponse(await _conversation(asked, self._conversation(asked)))

    async def variables(self, asked: Asked) -> Response:
        self._conversation(asked)
        return JSONResponse({"limit": 20, "has_more": False, "data": []})

    def _conversation(self, asked: Asked) -> Conversation:
        known = self._records.conversation(asked.id("conversation_id"), _owner(asked))
        if known is None:
            raise conversation_unknown()
        return known

    async def messages(self, asked: Asked) -> Response:
        query = payloads.read(payloads.MessageListQuery, asked.request.query_params)
        if self._records.conversation(str(query.conversation_id), _owner(asked)) is None:
            raise conversation_unknown()
        known = self._records.messages(str(query.conversation_id))
        if query.first_id:
            at = next((index for index, one in enumerate(known) if one.id == str(query.first_id)), None)
            if at is None:
                raise not_found("First Message Not Exists.")
            known = known[:at]
        page = [_message(one) for one in known[-query.limit :]]
        return JSONResponse({"limit": query.limit, "has_more": len(known) > query.limit, "data": page})

    async def feedback(self, asked: Asked) -> Response:
        payload = payloads.read(payloads.MessageFeedbackPayload, asked.body)
        message = self._message(asked)
        if payload.rating is None and message.feedback is None:
            raise invalid_param("rating cannot be None when feedback not exists")
        self._records.give_feedback(message.id, payload.model_dump() if payload.rating else None)
        return JSONResponse(_SUCCESS)

    async def suggested(self, asked: Asked) -> Response:
        message = self._message(asked)
        enabled = (await asked.app.parameters()).get("suggested_questions_after_answer") or {}
        if not enabled.get("enabled"):
            raise Refused(
                403,
                "app_suggested_questions_after_answer_disabled",
                "Function Suggested questions after answer disabled.",
            )
        questions = asked.app.suggested(message.told["query"]) if isinstance(asked.app, Suggesting) else []
        return JSONResponse({**_SUCCESS, "data": questions})

    def _message(self, asked: Asked) -> Message:
        message = self._records.message(asked.id("message_id"), _owner(asked))
        if message is None:
            raise message_unknown()
        return message

    async def workflow_run(self, asked: Asked) -> Response:
        detail = self._records.workflow_run(asked.id("run_id"), asked.app_id)
        if detail is None:
            raise not_found("Workflow run not found.")
        return JSONResponse(detail)


def _owner(asked: Asked) -> Owner:
    return Owner(asked.app_id, asked.user)


async def _conversation(asked: Asked, known: Conversation) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "inputs": known.inputs,
        "status": "normal",
        "introduction": (await asked.app.parameters()).get("opening_statement") or "",
        "created_at": int(known.created_at),
        "updated_at": int(known.updated_at),
    }


def _message(known: Message) -> dict[str, Any]:
    return {
        "id": known.id,
        "conversation_id": known.conversation_id,
        "parent_message_id": None,
        "created_at": int(known.created_at),
        "feedback": known.feedback and {"rating": known.feedback["rating"]},
        "extra_contents": [],
        **known.told,
    }
