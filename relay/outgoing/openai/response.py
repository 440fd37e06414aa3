"""A response, as events and whole. Source: OpenAI API reference, "Responses" and "Streaming events".

The options of the form: `model`, `created` (seconds since 1970, until the app tells), `id` (until the app tells one)
and `echoed` (the client's own parameters, which a response says again).

An answer is one message. What the app thinks before its first word is a reasoning item, done before the message
begins; what it thinks later is another one behind the message, for a client that shows items one after the other
would tear the text apart otherwise.
"""

from collections.abc import Mapping
from typing import Any

from relay import wire
from relay.errors import AppFailed, RelayError, TooManyRequests
from relay.event import Event
from relay.incoming.openai.responses import item_id
from relay.outgoing.openai import errors, items
from relay.outgoing.openai.parts import Parts


class ResponseEvents:
    """A response as it comes: its events in OpenAI's order, numbered from 0.

    One that fails ends with `response.failed` and `error`. That holds the documented fields and an `error` beside
    them: by that alone openai-python and openai-node raise (`_streaming.py`, `streaming.ts`).
    """

    keep_alive = b": keep-alive\n"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._parts = Parts()
        self._id = ""  # once it was told, it stays
        self._number = 0
        self._output: list[dict[str, Any]] = []  # the items that are done
        self._thinking: list[str] = []  # what was said of the reasoning item that is open
        self._later: list[str] = []  # what was thought while the message was open
        self._speaking = False
        self._failed = False

    @property
    def text(self) -> str:
        """What the client has read, and may send back."""
        return self._parts.text

    @property
    def id(self) -> str:
        return self._id

    def opening(self) -> bytes:
        return b""

    def event(self, event: Event) -> bytes:
        piece = self._parts.add(event)
        if self._failed:
            return b""
        said = b""
        if self._parts.id or piece.text or piece.reasoning:
            said = self._begin()
        if piece.reasoning:
            if self._speaking:
                self._later.append(piece.reasoning)
            else:
                said += self._think(piece.reasoning)
        if piece.text:
            said += self._speak() + self._content("output_text.delta", delta=piece.text, logprobs=[])
        if self._parts.failure:
            said += self.error(AppFailed(self._parts.failure))
        return said

    def error(self, error: RelayError) -> bytes:
        if self._failed:
            return b""
        self._failed = True
        said = self._begin()
        told = errors.as_dict(error)
        code = "rate_limit_exceeded" if isinstance(error, TooManyRequests) else "server_error"
        response = self._response("failed", error={"code": code, "message": error.message}, output=self._unfinished())
        said += self._tell("response.failed", response=response)
        flat = {name: told[name] for name in ("code", "message", "param")}
        return said + self._tell("error", **flat, error=told)

    def closing(self) -> bytes:
        if self._failed:
            return b""
        said = self._begin() + self._speak() + self._hush()
        if later := "".join(self._later).strip("\n"):
            said += self._think(later) + self._conclude()
        status, details = items.ending(self._parts)
        response = self._response(
            status, output=self._output, usage=items.usage_of(self._parts), incomplete_details=details
        )
        return said + self._tell(f"response.{status}", response=response)

    def _begin(self) -> bytes:
        if self._id:
            return b""
        self._id = items.id_of(self._parts, self._options)
        return b"".join(
            self._tell(name, response=self._response("in_progress", output=[]))
            for name in ("response.created", "response.in_progress")
        )

    def _think(self, thought: str) -> bytes:
        said = b""
        if not self._thinking:
            said = self._tell(
                "response.output_item.added", output_index=len(self._output), item=self._reasoning(None)
            ) + self._summary("part.added", part={"type": "summary_text", "text": ""})
        self._thinking.append(thought)
        return said + self._summary("text.delta", delta=thought)

    def _conclude(self) -> bytes:
        """End the reasoning item that is open, if one is."""
        if not self._thinking:
            return b""
        text = "".join(self._thinking)
        item = self._reasoning(text)
        said = (
            self._summary("text.done", text=text)
            + self._summary("part.done", part={"type": "summary_text", "text": text})
            + self._tell("response.output_item.done", output_index=len(self._output), item=item)
        )
        self._output.append(item)
        self._thinking.clear()
        return said

    def _speak(self) -> bytes:
        """Begin the message, unless it has begun."""
        if self._speaking:
            return b""
        said = self._conclude()
        self._speaking = True
        item = {**self._message("", "in_progress"), "content": []}
        return (
            said
            + self._tell("response.output_item.added", output_index=len(self._output), item=item)
            + self._content("content_part.added", part=items.text_part("", []))
        )

    def _hush(self) -> bytes:
        """End the message."""
        text = self._parts.text
        said = b""
        citations = items.citations(self._parts, len(text))
        for number, citation in enumerate(citations):
            said += self._content("output_text.annotation.added", annotation_index=number, annotation=citation)
        said += self._content("output_text.done", text=text, logprobs=[])
        said += self._content("content_part.done", part=items.text_part(text, citations))
        item = self._message(text, items.ending(self._parts)[0], citations)
        said += self._tell("response.output_item.done", output_index=len(self._output), item=item)
        self._output.append(item)
        return said

    def _unfinished(self) -> list[dict[str, Any]]:
        """Give the items as far as they have come."""
        open_ = []
        if self._thinking:
            open_ = [self._reasoning("".join(self._thinking))]
        elif self._speaking and not any(one["type"] == "message" for one in self._output):
            open_ = [self._message(self._parts.text, "incomplete")]
        return [*self._output, *open_]

    def _reasoning(self, text: str | None) -> dict[str, Any]:
        return items.reasoning(item_id("rs", self._id, len(self._output)), text)

    def _message(self, text: str, status: str, citations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        return items.message(item_id("msg", self._id, len(self._output)), text, status, citations or [])

    def _summary(self, kind: str, **told: Any) -> bytes:
        index = len(self._output)
        return self._tell(
            f"response.reasoning_summary_{kind}",
            item_id=item_id("rs", self._id, index),
            output_index=index,
            summary_index=0,
            **told,
        )

    def _content(self, kind: str, **told: Any) -> bytes:
        index = len(self._output)
        return self._tell(
            f"response.{kind}",
            item_id=item_id("msg", self._id, index),
            output_index=index,
            content_index=0,
            **told,
        )

    def _response(self, status: str, **told: Any) -> dict[str, Any]:
        return items.response(self._id, self._parts, self._options, status=status, **told)

    def _tell(self, kind: str, **told: Any) -> bytes:
        event = {"type": kind, "sequence_number": self._number, **told}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), wire.line(event))


class WholeResponse:
    """A response in one piece."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._parts = Parts()

    @property
    def text(self) -> str:
        """What the client reads, and may send back."""
        return self._parts.final

    @property
    def id(self) -> str:
        return items.id_of(self._parts, self._options)

    def add(self, event: Event) -> None:
        self._parts.add(event)

    def whole(self) -> Mapping[str, Any]:
        """Give the response. Raises AppFailed for a workflow that failed."""
        parts = self._parts
        if parts.failure:
            raise AppFailed(parts.failure)
        status, details = items.ending(parts)
        output = []
        if parts.reasoning:
            output.append(items.reasoning(item_id("rs", self.id, 0), parts.reasoning))
        citations = items.citations(parts, len(parts.final))
        output.append(items.message(item_id("msg", self.id, len(output)), parts.final, status, citations))
        return items.response(
            self.id,
            parts,
            self._options,
            status=status,
            output=output,
            usage=items.usage_of(parts),
            incomplete_details=details,
        )
