"""Dify's key/value storage for the plugin: the only place where state outlives a request."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import gevent

from provider.writes import Writes
from relay.call import Interface
from relay.run.dify import StorageFailed, StorageSilent
from relay.run.failure import Cancelled, from_exception

if TYPE_CHECKING:  # importing the SDK patches the process, and no test of this needs that
    from dify_plugin.core.runtime import Session

# the daemon's words, whole, for a key that was never set; it has no others for a storage that can't be read
MISSING = "load data failed, please check if the key is correct or you have not set it"

WRITES = Writes()
SEVERAL_ROWS = "several-rows"  # the key under which one process tells the next ones what it has found out

SLOWEST = 5.0  # seconds; the SDK alone would wait for 250, and whoever shares a record with the waiting one, too


class SessionStorage:
    """Reads and writes through an endpoint's session. Raises StorageFailed when Dify does not.

    The daemon leaves unanswered what a session asks whose caller is gone. So one that was silent once, or of which
    that is known, is asked nothing any more: whoever waits for the same record would wait as long.
    """

    def __init__(self, session: "Session", *, writes: Writes = WRITES) -> None:
        """Take the session, and the order of this process' writes."""
        self._session = session
        self._writes = writes
        self._silent = False

    def give_up(self) -> None:
        """Ask nothing any more."""
        self._silent = True

    def get(self, key: str) -> bytes | None:
        """Give a key's value, None for a key that was never set."""
        try:
            return self._ask(lambda: self._session.storage.get(key))
        except StorageSilent:
            raise
        except Exception as error:
            if str(error) == MISSING:
                return None
            raise StorageFailed from error

    def set(self, key: str, value: bytes) -> None:
        """Write a value over whatever the key held."""
        try:
            self._write(lambda: self._session.storage.set(key, value))
        except StorageSilent:
            raise
        except Exception as error:
            raise StorageFailed from error

    def delete(self, key: str) -> None:
        """Delete a key. The daemon fails for one that is not there, in the words of whatever it stores in: so ask."""
        try:
            self._write(lambda: self._session.storage.delete(key))
        except StorageSilent:
            raise
        except Exception as error:
            if self._exists(key):
                raise StorageFailed from error

    def answers(self) -> bool:
        """Tell whether anything is answered that this session asks, whatever became of earlier questions."""
        try:
            with gevent.Timeout(SLOWEST, StorageSilent()):  # type: ignore[no-untyped-call]  # gevent's own
                self._session.storage.exist(SEVERAL_ROWS)
        except StorageSilent:
            return False
        except Exception as error:  # noqa: BLE001 - whatever it says, it is an answer
            return not isinstance(from_exception(error, Interface.ANY), Cancelled)
        return True

    def _write(self, act: Callable[[], None]) -> None:
        self._writes.do(lambda: self._ask(act), several=self._several, note=self._note_several)

    def _several(self) -> bool:
        try:
            return self.get(SEVERAL_ROWS) is not None
        except StorageFailed:
            return False

    def _note_several(self) -> None:
        with suppress(Exception):
            self._ask(lambda: self._session.storage.set(SEVERAL_ROWS, b"1"))

    def _exists(self, key: str) -> bool:
        try:
            return bool(self._ask(lambda: self._session.storage.exist(key)))
        except StorageSilent:
            raise
        except Exception as error:
            raise StorageFailed from error

    def _ask[T](self, act: Callable[[], T]) -> T:
        if self._silent:
            raise StorageSilent("the caller is gone, and Dify answers nothing that is asked for it")
        late = StorageSilent(f"Dify's storage has not answered for {SLOWEST} s")
        try:
            with gevent.Timeout(SLOWEST, late):  # type: ignore[no-untyped-call]  # gevent's own
                return act()
        except StorageSilent:
            self._silent = True
            raise
