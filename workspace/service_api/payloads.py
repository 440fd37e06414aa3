"""What requests must look like. The class names stand in the messages of Dify's refusals.

Source: langgenius/dify, api/controllers/service_api/app: completion.py, workflow.py, conversation.py, message.py.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from workspace.apps.app import invalid_param

ResponseMode = Literal["blocking", "streaming"]


class RunPayload(BaseModel):
    """What all three kinds of runs take."""

    inputs: dict[str, Any]
    files: list[dict[str, Any]] | None = None
    response_mode: ResponseMode | None = None
    query: str = ""
    conversation_id: str | None = None
    auto_generate_name: bool = False


class CompletionRequestPayload(RunPayload):
    """`POST /completion-messages`."""

    @field_validator("conversation_id", mode="before")
    @classmethod
    def _unread(cls, _value: object) -> None:
        return None


class ChatRequestPayload(RunPayload):
    """`POST /chat-messages`."""

    query: str
    auto_generate_name: bool = True

    @field_validator("conversation_id", mode="before")
    @classmethod
    def _uuid(cls, value: object) -> str | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return str(uuid.UUID(text))
        except ValueError as error:
            raise ValueError("conversation_id must be a valid UUID") from error


class WorkflowRunPayload(RunPayload):
    """`POST /workflows/run`."""

    @model_validator(mode="before")
    @classmethod
    def _unread(cls, value: Any) -> Any:
        return {name: field for name, field in value.items() if name in {"inputs", "files", "response_mode"}}


class ConversationListQuery(BaseModel):
    last_id: uuid.UUID | Literal[""] | None = None
    limit: int = Field(default=20, ge=1, le=100)
    sort_by: Literal["created_at", "-created_at", "updated_at", "-updated_at"] = "-updated_at"


class ConversationRenamePayload(BaseModel):
    name: str | None = None
    auto_generate: bool = False

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.auto_generate and not (self.name or "").strip():
            raise ValueError("name is required when auto_generate is false")
        return self


class MessageListQuery(BaseModel):
    conversation_id: uuid.UUID
    first_id: uuid.UUID | Literal[""] | None = None
    limit: int = Field(default=20, ge=1, le=100)


class MessageFeedbackPayload(BaseModel):
    rating: Literal["like", "dislike"] | None = None
    content: str | None = None


def read[M: BaseModel](model: type[M], value: Mapping[str, Any]) -> M:
    """Read a body or a query string. Raises Refused with pydantic's own text, as Dify answers."""
    try:
        return model.model_validate(dict(value))
    except ValidationError as error:
        raise invalid_param(str(error)) from error
