"""A chat completion, in chunks and whole. Source: OpenAI API reference, "Chat completions".

The options of the form: `model`, `created` (seconds since 1970, until the app tells) and `include_usage`.
Only `data:` lines and comments: openai-python takes an event for one at each blank line once it has seen an `id:` or
`event:`, and reads empty data as broken JSON (`_streaming.py`, `SSEDecoder`).
"""

from collections.abc import Mapping
from typing import Any

from relay import wire
from relay.errors import AppFailed, RelayError
from relay.event import Event
from relay.outgoing.openai import errors
from relay.outgoing.openai.parts import Parts, Source, Usage, url_citation

DONE = b"data: [DONE]\n\n"


class Chunks:
    """A completion as it comes: the role, the text and reasoning, annotations, how it ended, and `[DONE]`.

    An answer that fails ends with an error, and without `[DONE]`.
    """

    keep_alive = b": keep-alive\n"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._parts = Parts()
        self._begun = False
        self._failed = False

    @property
    def text(self) -> str:
        """What the client has read, and sends back as the assistant's message."""
        return self._parts.text

    def opening(self) -> bytes:
        return b""

    def event(self, event: Event) -> bytes:
        piece = self._parts.add(event)
        said = b""
        if not self._begun and self._parts.id:
            said = self._begin()
        if piece.reasoning:
            said += self._begin() + self._delta({"reasoning_content": piece.reasoning})
        if piece.text:
            said += self._begin() + self._delta({"content": piece.text})
        if self._parts.failure and not self._failed:
            said += self.error(AppFailed(self._parts.failure))
        return said

    def error(self, error: RelayError) -> bytes:
        if self._failed:
            return b""
        self._failed = True
        return _data({"error": errors.as_dict(error)})

    def closing(self) -> bytes:
        if self._failed:
            return b""
        said = self._begin()
        if annotations := _annotations(self._parts, len(self._parts.text)):
            said += self._delta({"annotations": annotations})
        said += self._delta({}, self._parts.finish_reason)
        if self._options.get("include_usage"):
            said += _data({**self._head(), "choices": [], "usage": _usage(self._parts.usage)})
        return said + DONE

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._delta({"role": "assistant", "content": ""})

    def _delta(self, delta: Mapping[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self._options.get("include_usage") else {}
        return _data({**self._head(), "choices": [choice], **usage})

    def _head(self) -> dict[str, Any]:
        return _head(self._parts, self._options, "chat.completion.chunk")


class WholeCompletion:
    """A completion in one piece."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._parts = Parts()

    @property
    def text(self) -> str:
        """What the client reads, and sends back as the assistant's message."""
        return self._parts.final

    def add(self, event: Event) -> None:
        self._parts.add(event)

    def whole(self) -> Mapping[str, Any]:
        """Give the completion. Raises AppFailed for a workflow that failed."""
        parts = self._parts
        if parts.failure:
            raise AppFailed(parts.failure)
        message = {
            "role": "assistant",
            "content": parts.final,
            "refusal": None,
            "annotations": _annotations(parts, len(parts.final)),
            **({"reasoning_content": parts.reasoning} if parts.reasoning else {}),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": parts.finish_reason}
        return {
            **_head(parts, self._options, "chat.completion"),
            "choices": [choice],
            "usage": _usage(parts.usage),
        }


def _head(parts: Parts, options: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{parts.id}",
        "object": kind,
        "created": parts.created or options.get("created", 0),
        "model": options.get("model", ""),
    }


def _annotations(parts: Parts, at: int) -> list[dict[str, Any]]:
    return [_annotation(source, at) for source in parts.sources()]


def _annotation(source: Source, at: int) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": url_citation(source, at)}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
    }


def _data(value: Mapping[str, Any]) -> bytes:
    return b"data: %b\n\n" % wire.line(value)
