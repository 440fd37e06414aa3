"""The plugin's key/value storage, and what else the workspace remembers, in SQLite.

Source of rules and texts: the daemon's internal/core/persistence and executeDifyInvocationStorageTask. Left out are
the daemon's cache, which keeps what was read for five minutes (a read at the very moment of a write may keep the old
value there, and `deleted_num` counts the cache's entries), and the texts of other stores than a local folder.
"""

import json
import posixpath
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workspace.endpoint import Endpoint

_SCHEMA = """
CREATE TABLE IF NOT EXISTS storage (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS allocated (id INTEGER PRIMARY KEY CHECK (id = 0), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO allocated VALUES (0, 0);
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, app_id TEXT NOT NULL, user TEXT NOT NULL, turns TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS known_conversations (
    id TEXT PRIMARY KEY, app_id TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, inputs TEXT NOT NULL,
    created_at REAL NOT NULL, updated_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_of_user ON known_conversations (app_id, user);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, app_id TEXT NOT NULL, user TEXT NOT NULL,
    created_at REAL NOT NULL, told TEXT NOT NULL, feedback TEXT);
CREATE INDEX IF NOT EXISTS messages_of_conversation ON messages (conversation_id);
CREATE TABLE IF NOT EXISTS workflow_runs (id TEXT PRIMARY KEY, app_id TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (file_id TEXT PRIMARY KEY, app_id TEXT NOT NULL, user TEXT NOT NULL);
"""
_DAEMON_LIMIT = 100 * 1024 * 1024  # PERSISTENCE_STORAGE_MAX_SIZE


class StorageError(Exception):
    """A storage call fails with this text."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    name: str
    media_type: str
    body: bytes


class Database:
    """Everything that outlives the workspace's process."""

    def __init__(self, path: Path | None) -> None:
        """Open the database at `path`, or one in memory."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)

    def close(self) -> None:
        self._db.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """Give what executes SQL, each statement for itself: workspace/service_api/records.py keeps its own."""
        return self._db

    # --- key/value storage

    def invoke(self, request: Mapping[str, Any], endpoint: Endpoint, declared_size: int) -> dict[str, Any]:
        """Answer a `storage` invocation: `{"opt": "get" | "set" | "del" | "exist", "key", "value": <hex>}`."""
        operation, key = str(request.get("opt")), str(request.get("key") or "")
        if operation not in {"get", "set", "del", "exist"}:
            raise StorageError(
                "unmarshal backwards invoke request failed: Key: 'InvokeStorageRequest.Opt' "
                "Error:Field validation for 'Opt' failed on the 'storage_opt' tag"
            )
        if not key:
            raise StorageError(
                "unmarshal backwards invoke request failed: Key: 'InvokeStorageRequest.Key' "
                "Error:Field validation for 'Key' failed on the 'required' tag"
            )
        _fail_on_purpose(operation, endpoint)
        if operation == "set":
            limit = endpoint.faults.storage_bytes
            size = declared_size if limit is None else limit
            return self._set(key, str(request.get("value") or ""), _DAEMON_LIMIT if size == -1 else size)
        return {"get": self._get, "del": self._del, "exist": self._exist}[operation](key)

    def _get(self, key: str) -> dict[str, Any]:
        try:
            value = self.load(_clean(key))
        except ValueError:
            value = None
        if value is None:
            raise StorageError("load data failed, please check if the key is correct or you have not set it")
        return {"data": value.hex()}

    def _set(self, key: str, hexed: str, limit: int) -> dict[str, Any]:
        try:
            value = bytes.fromhex(hexed)
        except ValueError as error:
            raise StorageError(f"decode data failed: {error}") from error
        try:
            path = _clean(key)
            if len(key.encode()) > 256:
                raise ValueError("key length must be less than 256 characters")
        except ValueError as error:
            raise StorageError(f"save data failed: {error}") from error
        grown = len(value) - len(self.load(path) or b"")
        # The daemon saves first and counts afterwards: what is refused is stored all the same.
        self._db.execute("INSERT OR REPLACE INTO storage VALUES (?, ?)", (path, value))
        allocated = self.allocated() + grown
        if allocated > min(limit, _DAEMON_LIMIT):
            raise StorageError("save data failed: allocated size is greater than max storage size")
        self._db.execute("UPDATE allocated SET bytes = ?", (allocated,))
        return {"data": "ok"}

    def _del(self, key: str) -> dict[str, Any]:
        try:
            path = _clean(key)
        except ValueError as error:
            raise StorageError(f"delete data failed: {error}") from error
        value = self.load(path)
        if value is None:
            raise StorageError(f"delete data failed: stat {path}: no such file or directory")
        self._db.execute("DELETE FROM storage WHERE key = ?", (path,))
        self._db.execute("UPDATE allocated SET bytes = bytes - ?", (len(value),))
        return {"data": "ok", "deleted_num": 1}

    def _exist(self, key: str) -> dict[str, Any]:
        try:
            found = self.load(_clean(key)) is not None
        except ValueError as error:
            raise StorageError(f"exist data failed: {error}") from error
        return {"data": found, "exist_num": int(found)}

    def load(self, key: str) -> bytes | None:
        row = self._db.execute("SELECT value FROM storage WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def allocated(self) -> int:
        return int(self._db.execute("SELECT bytes FROM allocated").fetchone()[0])

    def stored(self) -> dict[str, str]:
        """Return every key with its value as hex."""
        return {key: value.hex() for key, value in self._db.execute("SELECT key, value FROM storage ORDER BY key")}

    def clear(self) -> None:
        self._db.execute("DELETE FROM storage")
        self._db.execute("UPDATE allocated SET bytes = 0")

    # --- uploaded files

    def add_file(self, file: StoredFile) -> str:
        """Keep a file and return its id."""
        file_id = str(uuid.uuid4())
        self._db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", (file_id, file.name, file.media_type, file.body))
        return file_id

    def file(self, file_id: str) -> StoredFile | None:
        row = self._db.execute("SELECT name, type, body FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else StoredFile(row[0], row[1], bytes(row[2]))

    # --- the demo apps' conversations

    def forget_conversations(self) -> None:
        for table in ("conversations", "known_conversations", "messages"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    def turns(self, conversation_id: str, app_id: str, user: str) -> list[dict[str, str]] | None:
        """Return a conversation's turns, oldest first; None when this user of this app has no such conversation."""
        row = self._db.execute(
            "SELECT turns FROM conversations WHERE id = ? AND app_id = ? AND user = ?",
            (conversation_id, app_id, user),
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def save_turns(self, conversation_id: str, app_id: str, user: str, turns: list[dict[str, str]]) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)",
            (conversation_id, app_id, user, json.dumps(turns)),
        )


def _clean(key: str) -> str:
    """Return the path a key stands for. Raises ValueError when it leads out of the storage."""
    path = posixpath.normpath(key)
    if ".." in path or "\\" in path:
        raise ValueError("invalid key: path traversal attempt detected")
    return path.lstrip("/")


def _fail_on_purpose(operation: str, endpoint: Endpoint) -> None:
    for counted in (operation, "*"):
        endpoint.storage_calls[counted] = endpoint.storage_calls.get(counted, 0) + 1
    for fault in endpoint.faults.storage:
        if fault.op in {operation, "*"} and fault.call in {None, endpoint.storage_calls[fault.op]}:
            raise StorageError(fault.message)
