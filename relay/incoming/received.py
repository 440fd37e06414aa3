"""A request as it was received: read once, into one value that nothing else of the relay has to read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

from werkzeug import Request
from werkzeug.exceptions import HTTPException

from relay.call import Interface
from relay.errors import InvalidParam
from relay.incoming import body
from relay.incoming.body import Body
from relay.senders import Delivery

KEY = "key"  # the query string's own: access reads it, no app gets it
OWN = "duck."  # what our pages' fields and addresses begin with: Dify's variables hold no dot
# how the daemon writes a POST without a body, as Go does: chunked, and the SDK does not undo it
EMPTY_CHUNKED = b"0\r\n\r\n"
LONGEST_ID = 128
ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-")


@dataclass(frozen=True, kw_only=True)  # no slots: cached_property needs a __dict__
class Received:
    """One request. Header names are lower case; `query` holds each name's texts in order."""

    method: str = "GET"
    interface: Interface = Interface.ANY
    app_id: str = ""  # named in the path
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    endpoint_id: str = ""
    too_many_fields: bool = False  # in the query string, which then was not read
    cut: bool = False  # the body ended before the length that was announced

    def header(self, name: str) -> str:
        """Give a header by its lower-case name, without blanks around it; "" for none."""
        return self.headers.get(name, "").strip()

    @property
    def request_id(self) -> str:
        """The caller's own id when it is one, so that both logs can be read together; "" for none."""
        sent = self.header("x-request-id")
        return sent if len(sent) <= LONGEST_ID and ID_CHARACTERS.issuperset(sent) else ""

    @cached_property
    def arguments(self) -> Mapping[str, Any]:
        """The query string's values but for the key and our pages' own: a text, or a list of them.

        Raises InvalidParam for too many.
        """
        if self.too_many_fields:
            raise InvalidParam(f"The query string has more than {body.MOST_FIELDS} fields.")
        given = ((name, texts) for name, texts in self.query.items() if name != KEY and not name.startswith(OWN))
        return body.flatten((name, text) for name, texts in given for text in texts)

    @cached_property
    def content(self) -> Body:
        """The body as a caller of the relay writes it. Raises InvalidParam and its like."""
        self._check_body()
        return body.read(self.body, self.header("content-type"))

    @property
    def json(self) -> Mapping[str, Any]:
        """The JSON object that the body has to be. Raises InvalidParam and its like."""
        content = self.content
        if content.values is None or not content.typed:
            raise InvalidParam("The body must be a JSON object: send Content-Type: application/json.")
        return content.values

    @cached_property
    def delivery(self) -> Delivery:
        """The request as a webhook sender writes it. Raises PayloadTooLarge or InvalidParam."""
        self._check_body()
        return Delivery(
            headers=self.headers,
            body=self.body,
            query={name: texts[0] for name, texts in self.query.items() if texts},
        )

    def _check_body(self) -> None:
        if self.cut:
            raise InvalidParam("The body is shorter than its Content-Length says.")
        body.check_size(self.body)


def receive(request: Request, *, app_id: str, interface: Interface, endpoint_id: str) -> Received:
    """Read a request. Raises nothing: what is wrong with it shows when it is asked for."""
    try:
        content, cut = request.get_data(parse_form_data=False), False
    except HTTPException:
        content, cut = b"", True
    too_many = request.query_string.count(b"&") >= body.MOST_FIELDS
    return Received(
        method=request.method,
        interface=interface,
        app_id=app_id,
        headers={name.lower(): value for name, value in request.headers.items()},
        query={} if too_many else dict(request.args.lists()),
        body=b"" if content == EMPTY_CHUNKED else content,
        endpoint_id=endpoint_id,
        too_many_fields=too_many,
        cut=cut,
    )


def new_id() -> str:
    """Make an id for a request that brings none."""
    return uuid4().hex
