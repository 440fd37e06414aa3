"""What Dify remembers of what went through its Service API: conversations, messages, runs and uploads.

A conversation that began by reverse invocation is none of them: there its user is another one to Dify.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workspace.storage import Database, StoredFile

_UNNAMED = "New conversation"
_NAME_LENGTH = 75  # characters that Dify keeps of a name a model has thought of


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    name: str
    inputs: Mapping[str, Any]
    created_at: float  # seconds since 1970
    updated_at: float


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    conversation_id: str
    created_at: float  # seconds since 1970
    told: Mapping[str, Any]
    """query, inputs, answer, message_files, retriever_resources, agent_thoughts, status, error."""
    feedback: Mapping[str, Any] | None
    """rating and content."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose it is: a user of an app."""

    app_id: str
    user: str


class Records:
    """The tables of the Service API."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._db = database.connection

    # --- conversations

    def conversation(self, conversation_id: str, owner: Owner) -> Conversation | None:
        row = self._db.execute(_CONVERSATIONS + " AND id = ?", (owner.app_id, owner.user, conversation_id)).fetchone()
        return None if row is None else _conversation(row)

    def conversations(self, owner: Owner, sort_by: str = "-updated_at") -> list[Conversation]:
        """Return all of a user, sorted by `created_at` or `updated_at`, with `-` the latest first."""
        rows = self._db.execute(_CONVERSATIONS + " ORDER BY rowid", (owner.app_id, owner.user))
        found = [_conversation(row) for row in rows]
        field = sort_by.removeprefix("-")
        found.sort(key=lambda known: getattr(known, field))
        return found[::-1] if sort_by.startswith("-") else found

    def rename(self, conversation_id: str, name: str) -> None:
        self._db.execute(
            "UPDATE known_conversations SET name = ?, updated_at = ? WHERE id = ?",
            (name, time.time(), conversation_id),
        )

    def delete(self, conversation_id: str) -> None:
        for table, column in (
            ("known_conversations", "id"),
            ("messages", "conversation_id"),
            ("conversations", "id"),
        ):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (conversation_id,))  # noqa: S608 - ours

    # --- messages

    def begin_message(
        self, message_id: str, conversation_id: str, owner: Owner, told: Mapping[str, Any], *, named: bool
    ) -> None:
        """Keep a message whose answer is still to come, and its conversation, named by the query if it is `named`."""
        now = time.time()
        if conversation_id:
            name = named_by(told["query"]) if named else _UNNAMED
            self._db.execute(
                "INSERT INTO known_conversations VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at",
                (conversation_id, owner.app_id, owner.user, name, json.dumps(told["inputs"]), now, now),
            )
            # an app that keeps its turns finds it there, be its first answer cut short
            self._db.execute(
                "INSERT OR IGNORE INTO conversations VALUES (?, ?, ?, '[]')",
                (conversation_id, owner.app_id, owner.user),
            )
        self._db.execute(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (message_id, conversation_id, owner.app_id, owner.user, now, json.dumps(told)),
        )

    def end_message(self, message_id: str, told: Mapping[str, Any]) -> None:
        self._db.execute("UPDATE messages SET told = ? WHERE id = ?", (json.dumps(told), message_id))

    def messages(self, conversation_id: str) -> list[Message]:
        """Return those of a conversation, oldest first."""
        rows = self._db.execute(_MESSAGES + "conversation_id = ? ORDER BY rowid", (conversation_id,))
        return [_message(row) for row in rows]

    def message(self, message_id: str, owner: Owner) -> Message | None:
        row = self._db.execute(
            _MESSAGES + "id = ? AND app_id = ? AND user = ?", (message_id, owner.app_id, owner.user)
        ).fetchone()
        return None if row is None else _message(row)

    def give_feedback(self, message_id: str, feedback: Mapping[str, Any] | None) -> None:
        written = None if feedback is None else json.dumps(feedback)
        self._db.execute("UPDATE messages SET feedback = ? WHERE id = ?", (written, message_id))

    # --- runs of workflows

    def save_run(self, run_id: str, app_id: str, detail: Mapping[str, Any]) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO workflow_runs VALUES (?, ?, ?)", (run_id, app_id, json.dumps(detail))
        )

    def workflow_run(self, run_id: str, app_id: str) -> dict[str, Any] | None:
        row = self._db.execute(
            "SELECT detail FROM workflow_runs WHERE id = ? AND app_id = ?", (run_id, app_id)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    # --- uploads

    def upload(self, file: StoredFile, owner: Owner) -> str:
        """Keep a file and return its id."""
        file_id = self._database.add_file(file)
        self._db.execute("INSERT INTO uploads VALUES (?, ?, ?)", (file_id, owner.app_id, owner.user))
        return file_id

    def uploaded(self, file_id: str, owner: Owner) -> StoredFile | None:
        """Return a file that this user of this app has uploaded."""
        found = self._db.execute(
            "SELECT 1 FROM uploads WHERE file_id = ? AND app_id = ? AND user = ?",
            (file_id, owner.app_id, owner.user),
        ).fetchone()
        return self._database.file(file_id) if found else None


_CONVERSATIONS = (
    "SELECT id, name, inputs, created_at, updated_at FROM known_conversations WHERE app_id = ? AND user = ?"
)
_MESSAGES = "SELECT id, conversation_id, created_at, told, feedback FROM messages WHERE "


def _conversation(row: Sequence[Any]) -> Conversation:
    return Conversation(row[0], row[1], json.loads(row[2]), row[3], row[4])


def _message(row: Sequence[Any]) -> Message:
    feedback = None if row[4] is None else json.loads(row[4])
    return Message(row[0], row[1], row[2], json.loads(row[3]), feedback)


def named_by(query: str) -> str:
    """Name a conversation by its first query, where Dify asks a model."""
    short = query[:_NAME_LENGTH]
    return short + "..." if len(query) > _NAME_LENGTH else short or _UNNAMED
