"""Answers of each kind of app, event by event, as Dify sends them."""

from typing import Any

IDS = {"task_id": "t", "id": "m", "message_id": "m", "conversation_id": "c", "created_at": 1}
USAGE = {"usage": {"total_tokens": 3}}

CHAT: list[dict[str, Any]] = [
    {"event": "message", **IDS, "answer": "Qu"},
    {"event": "message", **IDS, "answer": "ack"},
    {"event": "message_end", **IDS, "metadata": USAGE},
]
AGENT: list[dict[str, Any]] = [
    {"event": "agent_thought", **IDS, "tool": "pond", "thought": ""},
    {"event": "agent_message", **IDS, "answer": "Qu"},
    {"event": "agent_message", **IDS, "answer": "ack"},
    {"event": "message_file", **IDS, "id": "f", "type": "image", "url": "https://pond.example/duck.png"},
    {"event": "message_end", **IDS, "metadata": USAGE},
]
RUN = {"task_id": "t", "workflow_run_id": "w"}
NODE = {"id": "n", "node_id": "1", "node_type": "llm", "title": "Think"}


def workflow(outputs: dict[str, Any], *, status: str = "succeeded", error: str | None = None) -> list[dict[str, Any]]:
    return [
        {"event": "workflow_started", **RUN, "data": {"id": "w"}},
        {"event": "node_started", **RUN, "data": NODE},
        {"event": "node_finished", **RUN, "data": {**NODE, "status": status, "error": error, "elapsed_time": 0.25}},
        {"event": "workflow_finished", **RUN, "data": {"status": status, "outputs": outputs, "error": error}},
    ]


def chatflow() -> list[dict[str, Any]]:
    started, node, done, finished = workflow({"answer": "Quack"})
    both = [{**event, **IDS} for event in (started, node, done, finished)]
    return [*both[:3], *CHAT, both[3]]
