"""What a multipart form may cost, looked at before a parser does.

Source of the form: RFC 7578, and RFC 2046, "Multipart Media Type".
"""

import re

from relay.errors import InvalidParam, PayloadTooLarge

LARGEST_HEAD = 8 * 1024  # bytes of one part's header lines
LARGEST_HEADS = 256 * 1024  # bytes of all of them
MOST_LINES = 100_000  # that begin as a boundary does: the parser looks closer at each
BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def check(content: bytes, boundary: str, *, most: int) -> None:
    """Count the parts and measure their headers. Raises InvalidParam or PayloadTooLarge."""
    border = b"--" + boundary.encode("latin-1", "replace")
    if not boundary or border not in content:
        raise InvalidParam("The form is malformed: its boundary is not in it.")
    if content.count(b"\n--") + content.count(b"\r--") > MOST_LINES or content.count(border) > most + 2:
        raise PayloadTooLarge(f"The form has more than {most} fields.")
    heads, start = 0, content.find(border)
    while start >= 0:
        start += len(border)
        head = BLANK_LINE.search(content, start, start + LARGEST_HEAD)
        following = content.find(border, start)
        length = (head.start() if head else len(content) if following < 0 else following) - start
        heads += length
        if length > LARGEST_HEAD or heads > LARGEST_HEADS:
            raise PayloadTooLarge("The header lines of the form's parts are too long.")
        start = following
