"""Where the body of an answer ends, and what of it is framing: RFC 9112, section 6.3.

Fed with pieces that are cut anywhere, since a stream is read without waiting, which no parser of httpcore's or the
standard library's does; it takes about a fifth of their time.
"""

import re
from collections.abc import Mapping
from typing import Protocol

LONGEST_LINE = 4096  # bytes, of a chunk's size with its extensions, and of a trailer
# `int` takes more: signs, underscores, "0x"
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_END = b"\r\n"  # of a chunk


class Misframed(ValueError):
    """The bytes are no such body."""


class Framing(Protocol):
    """What the bytes of one body are fed to."""

    done: bool  # all of the body is here
    surplus: bool  # and something behind it, which nobody has asked for

    def feed(self, data: bytes) -> bytes:
        """Give the content among the next bytes. Raises Misframed."""

    def may_end(self) -> bool:
        """Tell whether the connection's end is the body's."""


def of(headers: Mapping[str, str]) -> Framing:
    """Pick the framing that an answer's head tells; its names are looked up whatever their case."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Chunked()
    length = headers.get("content-length", "")
    return Counted(int(length) if length.isdecimal() else None)


class Counted:
    """A body of so many bytes; None: as many as come before the connection's end."""

    def __init__(self, length: int | None) -> None:
        self._left = length
        self.done = length == 0
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        self.surplus = len(data) > self._left
        data = data[: self._left]
        self._left -= len(data)
        self.done = self._left == 0
        return data

    def may_end(self) -> bool:
        return self.done or self._left is None


class Chunked:
    """A body in chunks: RFC 9112, section 7.1."""

    LAST = b"0\r\n\r\n"  # what a body may end with

    def __init__(self) -> None:
        self.done = self.surplus = False
        self._left = 0  # bytes of the current chunk, and of the line's end behind it
        self._line = b""  # a size or trailer that is cut
        self._in_trailers = False

    def feed(self, data: bytes) -> bytes:
        if self._line:
            data, self._line = self._line + data, b""
        content = [data[: self._left - 2]] if self._left > 2 else []
        at, end = self._left, len(data)
        if not _END[max(2 - at, 0) :].startswith(data[max(at - 2, 0) : at]):
            raise Misframed
        while at < end and not self.done:
            behind = data.find(b"\n", at, at + LONGEST_LINE) + 1
            if not behind:
                self._hold(data[at:])
                break
            line, at = data[at:behind], behind
            if self._in_trailers:
                self.done = not line.strip()
            elif size := _size(line):
                content.append(data[at : at + size])
                at += size + 2
                if not _END.startswith(data[at - 2 : at]):
                    raise Misframed
            else:
                self._in_trailers = True
        self._left = max(at - end, 0)
        self.surplus = self.done and at < end
        return content[0] if len(content) == 1 else b"".join(content)

    def may_end(self) -> bool:
        return self.done

    def _hold(self, line: bytes) -> None:
        if len(line) >= LONGEST_LINE:
            raise Misframed
        self._line = line


def _size(line: bytes) -> int:
    if not (size := _SIZE.fullmatch(line)):
        raise Misframed
    return int(size[1], 16)
