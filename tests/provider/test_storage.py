"""The storage's port against a session that fails as the daemon does (`workspace/storage.py` holds its texts)."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from provider.storage import MISSING, SessionStorage
from provider.writes import Writes
from relay.run.dify import StorageFailed, StorageSilent
from tests.provider.scripts import run


class Invocation:
    """The SDK's storage invocation: what each operation gives, or raises."""

    def __init__(self, outcomes: Mapping[str, Any]) -> None:
        self.outcomes = outcomes
        self.called: list[str] = []

    def get(self, key: str) -> Any:
        return self._outcome("get")

    def set(self, key: str, value: bytes) -> None:
        self._outcome("set")

    def delete(self, key: str) -> None:
        self._outcome("delete")

    def exist(self, key: str) -> Any:
        return self._outcome("exist")

    def _outcome(self, name: str) -> Any:
        self.called.append(name)
        outcome = self.outcomes[name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def storage(*, writes: Writes | None = None, **outcomes: Any) -> tuple[SessionStorage, Invocation]:
    """Give a storage that was written to before, unless `writes` says otherwise."""
    invocation = Invocation(outcomes)
    session: Any = SimpleNamespace(storage=invocation)
    return SessionStorage(session, writes=writes or written()), invocation


def written() -> Writes:
    writes = Writes()
    writes.do(lambda: None, several=lambda: False, note=lambda: None)
    return writes


def test_a_key_that_was_never_set_has_no_value() -> None:
    assert storage(get=Exception(MISSING))[0].get("k") is None


@pytest.mark.parametrize(
    "text",
    ["", f"read app failed: {MISSING}", f"{MISSING}.", "load data failed", "context canceled", "no data found"],
)
def test_any_other_text_is_a_failure(text: str) -> None:
    with pytest.raises(StorageFailed):
        storage(get=Exception(text))[0].get("k")


def test_a_session_that_was_given_up_is_asked_nothing_any_more() -> None:
    given_up, invocation = storage(get=b"v", set=None, delete=None, exist=True)
    assert given_up.get("k") == b"v"
    given_up.give_up()
    with pytest.raises(StorageSilent):
        given_up.get("k")
    with pytest.raises(StorageSilent):
        given_up.set("k", b"v")
    with pytest.raises(StorageSilent):
        given_up.delete("k")
    assert invocation.called == ["get"]


KEEPS_SILENT = """
import gevent
from types import SimpleNamespace
from provider import storage
from relay.run.dify import StorageSilent

storage.SLOWEST = 0.05
asked = []

def get(key):
    asked.append(key)
    gevent.sleep(30)

port = storage.SessionStorage(SimpleNamespace(storage=SimpleNamespace(get=get)))
for key in ("a", "b"):
    try:
        port.get(key)
    except StorageSilent:
        asked.append("silent")
print(asked)
"""


def test_a_storage_that_kept_silent_once_is_asked_nothing_any_more() -> None:
    assert run(KEEPS_SILENT) == "['a', 'silent', 'silent']\n"


def test_what_can_not_be_set_is_a_failure() -> None:
    refused = Exception("save data failed: allocated size is greater than max storage size")
    with pytest.raises(StorageFailed):
        storage(set=refused)[0].set("k", b"v")


GONE = Exception("delete data failed: stat k: no such file or directory")


@pytest.mark.parametrize(
    ("outcomes", "called"),
    [({"delete": None}, ["delete"]), ({"delete": GONE, "exist": False}, ["delete", "exist"])],
    ids=["there", "gone already"],
)
def test_after_a_delete_a_key_is_gone(outcomes: dict[str, Any], called: list[str]) -> None:
    port, invocation = storage(**outcomes)
    port.delete("k")
    assert invocation.called == called


@pytest.mark.parametrize("exist", [True, Exception("exist data failed: timeout")])
def test_a_key_that_may_still_be_there_is_a_failure(exist: object) -> None:
    with pytest.raises(StorageFailed):
        storage(delete=Exception("delete data failed: timeout"), exist=exist)[0].delete("k")


LOCKED_OUT = Exception("save data failed: ERROR: deadlock detected (SQLSTATE 40P01)")


def test_the_first_write_asks_what_others_have_found_out_and_later_ones_do_not() -> None:
    port, invocation = storage(writes=Writes(), get=Exception(MISSING), set=None)
    port.set("k", b"v")
    port.set("k", b"v")
    assert invocation.called == ["get", "set", "set"]


def test_who_is_locked_out_lets_others_know() -> None:
    port, invocation = storage(writes=Writes(), get=Exception(MISSING), set=LOCKED_OUT)
    with pytest.raises(StorageFailed):
        port.set("k", b"v")
    # each of the four attempts, and the note behind the first
    assert invocation.called == ["get", *["set"] * 5]


def test_a_storage_that_can_not_be_read_is_written_to() -> None:
    port, invocation = storage(writes=Writes(), get=Exception("connection refused"), set=None)
    port.set("k", b"v")
    assert invocation.called == ["get", "set"]
