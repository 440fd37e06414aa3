"""Dify's key/value storage for the plugin: the only place where state outlives a request."""

from dify_plugin.core.runtime import Session

from relay.run.dify import StorageFailed

MISSING = "load data failed"  # the daemon's words for a key that was never set, and for no other case


class SessionStorage:
    """Reads and writes through an endpoint's session. Raises StorageFailed when Dify does not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, key: str) -> bytes | None:
        """Give a key's value, None for a key that was never set."""
        try:
            return self._session.storage.get(key)
        except Exception as error:
            if MISSING in str(error):
                return None
            raise StorageFailed from error

    def set(self, key: str, value: bytes) -> None:
        """Write a value over whatever the key held."""
        try:
            self._session.storage.set(key, value)
        except Exception as error:
            raise StorageFailed from error
