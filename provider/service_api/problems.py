"""What can go wrong between a client and Dify's Service API, whoever is told of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What has happened; the words stand behind the setting's name."""

    UNREACHABLE = "nothing answers there, or it can't be reached from here"
    UNTRUSTED = "its certificate, or its TLS, can't be trusted"
    BUSY = "all of this process's connections are taken"
    CROWDED = "all connections that one app may have are taken"
    LOST = "the connection broke off before an answer came"
    LATE = "no answer came in time"
    REFUSED = "it refuses"  # `status`, and Dify's own words
    NOT_READY = "Dify is not ready"  # a proxy's page in its place
    FOREIGN = "what answers there is not Dify's Service API"
    BROKEN = "the answer broke off"
    SILENT = "the app was silent for too long"
    TOO_LONG = "the app took too long"
    TOO_MUCH = "the app sent too much"


class Problem(Exception):
    """Why there is no answer, or no more of it."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        status: int = 0,
        envelope: Mapping[str, Any] | None = None,
        sent: bool = True,
    ) -> None:
        """Take words of one's own, never another's; `envelope` is what Dify said: `{"code", "message", "status"}`.

        `sent` tells whether Dify may have got the request.
        """
        super().__init__(f"{kind} ({detail})" if detail else str(kind))
        self.kind = kind
        self.status = status
        self.envelope = envelope
        self.sent = sent

    @property
    def code(self) -> str:
        """Give Dify's code of a refusal, "" for none."""
        return str((self.envelope or {}).get("code") or "")
