"""Answers of apps as Dify sends them, which tests of OpenAI's forms share."""

from typing import Any

IDS = {"task_id": "t", "id": "m", "message_id": "m", "conversation_id": "c", "created_at": 1_700_000_000}
RUN = {"task_id": "t", "workflow_run_id": "w"}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "latency": 0.5}
SOURCES = [
    {
        "position": 1,
        "dataset_name": "Birds",
        "document_id": "d1",
        "document_name": "Ducks.pdf",
        "url": "https://pond.example/ducks",
    },
    {"position": 2, "dataset_name": "Birds", "document_id": "d2", "document_name": "", "url": "javascript:alert(1)"},
    {
        "position": 3,
        "dataset_name": "Birds",
        "document_id": "d1",
        "document_name": "Ducks.pdf",
        "url": "https://pond.example/ducks",
    },
    "no source",
]


def message(text: str, event: str = "message") -> dict[str, Any]:
    return {"event": event, **IDS, "answer": text}


def thought(**fields: Any) -> dict[str, Any]:
    return {"event": "agent_thought", **IDS, "id": "t1", "thought": "", "tool": "", "observation": "", **fields}


def file(**fields: Any) -> dict[str, Any]:
    return {"event": "message_file", **IDS, "id": "f", "type": "image", "belongs_to": "assistant", **fields}


def end(**metadata: Any) -> dict[str, Any]:
    return {"event": "message_end", **IDS, "metadata": {"usage": USAGE, **metadata}}


def started(ids: dict[str, Any] = RUN) -> dict[str, Any]:
    return {"event": "workflow_started", **ids, "data": {"id": "w", "created_at": 1_700_000_001}}


def node(outputs: Any = None, ids: dict[str, Any] = RUN) -> dict[str, Any]:
    return {"event": "node_finished", **ids, "data": {"title": "Think", "status": "succeeded", "outputs": outputs}}


def chunk(text: str, event: str = "text_chunk") -> dict[str, Any]:
    return {"event": event, **RUN, "data": {"text": text}}


def finished(
    outputs: Any = None, *, status: str = "succeeded", ids: dict[str, Any] = RUN, **fields: Any
) -> dict[str, Any]:
    data = {"status": status, "outputs": outputs or {}, "error": None, "total_tokens": 30, **fields}
    return {"event": "workflow_finished", **ids, "data": data}


PAUSED: list[dict[str, Any]] = [
    started(),
    {"event": "human_input_required", **RUN, "data": {"form_content": "May it swim?", "form_token": "secret"}},
    {"event": "workflow_paused", **RUN, "data": {"status": "paused"}},
]
CHAT = [message("Qu"), message("ack"), end()]
AGENT = [
    thought(),
    thought(thought="I ask.", tool="pond", tool_input='{"deep": 1}'),
    thought(thought="I ask.", tool="pond", tool_input='{"deep": 1}', observation="wet"),
    message("Qu", "agent_message"),
    message("ack", "agent_message"),
    thought(id="t2", thought="Quack"),
    end(),
]
BOTH = {**RUN, **IDS}
CHATFLOW = [started(BOTH), node(ids=BOTH), message("Quack"), end(), finished({"answer": "Quack"}, ids=BOTH)]
WORKFLOW = [started(), chunk("Qu"), chunk("ack"), node({"text": "Quack"}), finished({"text": "Quack"})]
SILENT = [started(), finished({"count": 2})]
TAKEN_BACK = [message("Moo"), message("Quack", "message_replace"), end()]
