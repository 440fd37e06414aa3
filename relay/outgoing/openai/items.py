"""What a response is made of: itself, its items, and their annotations. Source: OpenAI API reference, "Responses"."""

from collections.abc import Iterator, Mapping
from typing import Any

from relay.incoming.openai.responses import response_id
from relay.outgoing.openai.parts import Parts, Source

# how a model may end before it is done -> why, as a response calls it
INCOMPLETE: Mapping[str, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
# what a response says where the client said nothing
DEFAULTS: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}


def id_of(parts: Parts, options: Mapping[str, Any]) -> str:
    """Give the response's id: by what Dify calls the answer, else the one that was made for it."""
    return response_id(parts.id or str(options.get("id", "")))


def ending(parts: Parts) -> tuple[str, dict[str, Any] | None]:
    """Give the status of an answer that did not fail, and why it is cut off where it is."""
    reason = INCOMPLETE.get(parts.finish_reason)
    return ("incomplete", {"reason": reason}) if reason else ("completed", None)


def response(
    id_: str,
    parts: Parts,
    options: Mapping[str, Any],
    *,
    status: str,
    output: list[dict[str, Any]],
    usage: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    incomplete_details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give a response as far as it has come, with what the client said as it said it."""
    return {
        "id": id_,
        "object": "response",
        "created_at": parts.created or options.get("created", 0),
        "status": status,
        "background": False,
        "completed_at": None,  # Dify does not tell
        "conversation": None,
        "error": error,
        "incomplete_details": incomplete_details,
        "model": options.get("model", ""),
        "output": output,
        **dict(_echo(options.get("echoed") or {})),
        "usage": usage,
    }


def _echo(echoed: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, default in DEFAULTS.items():
        value = echoed.get(name, default)
        yield name, {**default, **value} if isinstance(default, Mapping) else value


def reasoning(id_: str, text: str | None) -> dict[str, Any]:
    """Give what was thought as an item; None for one that just begins."""
    summary = [] if text is None else [{"type": "summary_text", "text": text}]
    return {"id": id_, "type": "reasoning", "summary": summary}


def message(id_: str, text: str, status: str, citations: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the answer as an item."""
    content = [text_part(text, citations)]
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": content}


def text_part(text: str, citations: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the part of a message that holds its text."""
    return {"type": "output_text", "text": text, "annotations": citations, "logprobs": []}


def citations(parts: Parts, at: int) -> list[dict[str, Any]]:
    """Give what the answer rests on, as annotations of its text of that length."""
    return [_citation(source, at) for source in parts.sources()]


def _citation(source: Source, at: int) -> dict[str, Any]:
    """Cite a page by its address, and anything else as a file."""
    if source.url:
        return {
            "type": "url_citation",
            "url": source.url,
            "title": source.title,
            "start_index": at,
            "end_index": at,
        }
    index = source.position - 1
    return {"type": "file_citation", "file_id": source.file_id, "filename": source.title, "index": index}


def usage_of(parts: Parts) -> dict[str, Any]:
    """Give the tokens."""
    usage = parts.usage
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.total,
    }
