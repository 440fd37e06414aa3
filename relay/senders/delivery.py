"""One request from a webhook sender."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from relay import wire
from relay.errors import RelayError

FORM = "application/x-www-form-urlencoded"
# where GitHub's and Slack's forms hold their JSON
PAYLOAD = "payload"
MOST_FIELDS = 1000


@dataclass(frozen=True, kw_only=True)  # no slots: cached_property needs a __dict__
class Delivery:
    """What a sender's request says: headers under lower-case names, the raw body, the query string's values."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def document(self) -> Any:
        """Give the JSON value in the body, a form's fields, or the JSON value in a form's only field `payload`.

        None for a body that is none of these, that is malformed, or that would cost too much to read (`wire.parse`).
        """
        try:
            text = self.body.decode("utf-8-sig")
            fields = self._fields(text)
            if fields is not None and fields.keys() != {PAYLOAD}:
                return fields or None
            return wire.parse(text if fields is None else fields[PAYLOAD], "The payload")
        except (RelayError, ValueError):
            return None

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """Give the document when it is an object, else {}: nothing can be found in it."""
        return self.document if isinstance(self.document, dict) else {}

    @cached_property
    def digest(self) -> str:
        """Give the SHA-256 of the body in hex."""
        return sha256(self.body).hexdigest()

    def find(self, path: str) -> Any:
        """Give what the payload holds at a path like `events.0.message.text`; None for nothing."""
        return find(self.payload, path)

    def text(self, path: str) -> str:
        """Give the text, or the number as text, at a path; "" for nothing or anything else."""
        return text_of(self.find(path))

    def header(self, name: str) -> str:
        """Give a header by its lower-case name, without blanks around it; "" for none."""
        return self.headers.get(name, "").strip()

    def _fields(self, text: str) -> Mapping[str, str] | None:
        media_type = self.header("content-type").partition(";")[0].strip().lower()
        if media_type != FORM or text.lstrip().startswith(("{", "[")):  # curl -d says "form" of whatever it sends
            return None
        if text.count("%") > wire.MOST_ESCAPES:
            raise ValueError("too much to read")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))


def find(value: Any, path: str) -> Any:
    """Walk into objects by name and into lists by position; None where a step leads nowhere."""
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def text_of(value: Any) -> str:
    """Give text as it is and a whole number as text, as ids come in both; "" for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
