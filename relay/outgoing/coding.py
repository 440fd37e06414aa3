"""How an answer's bytes are coded on the way: gzip for whoever accepts it (RFC 9110, 8.4; RFC 1952).

An app's events are mostly ids that repeat, so of a token's 320 bytes some 20 are left, and the 128 chunks that Dify's
daemon keeps for a caller who does not read hold minutes instead of seconds. No answer holds a secret of ours beside
what a caller wrote, so its length tells nothing that it does not say itself.
"""

import gzip
import zlib
from functools import lru_cache
from typing import Protocol

from werkzeug.http import parse_accept_header

WHOLE = 1024  # bytes from which on a whole answer is worth it
LONGEST_ACCEPT = 1000  # characters of an Accept-Encoding; of a longer one nothing is read, for its end may say no
LEVEL = 1  # a higher one saves 2 % of the bytes and costs half as much again
# 2 KiB of what went before hold the last five events; with zlib's usual 32 KiB each open stream would take 150 KiB
# of memory instead of 16, miss the processor's cache, and save as little
WINDOW, MEMORY = 11, 4
GZIP = 16  # added to the window: zlib's way of asking for gzip's head and tail


class Coding(Protocol):
    """Codes one stream."""

    def piece(self, raw: bytes) -> bytes:
        """Code so that the reader can decode all of it at once."""

    def end(self, raw: bytes) -> bytes:
        """Code the last piece, and what tells the reader that it is the last."""


class Identity:
    """As it is."""

    def piece(self, raw: bytes) -> bytes:
        return raw

    def end(self, raw: bytes) -> bytes:
        return raw


class Gzip:
    """One gzip stream for the whole answer, flushed after each piece. Made anew for each answer."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP + WINDOW, MEMORY)

    def piece(self, raw: bytes) -> bytes:
        return self._compressor.compress(raw) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def end(self, raw: bytes) -> bytes:
        return self._compressor.compress(raw) + self._compressor.flush(zlib.Z_FINISH)


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether a caller with this Accept-Encoding can read gzip; an empty one can't be asked to."""
    # looked at before it is kept: a caller may send a megabyte
    return len(accept_encoding) <= LONGEST_ACCEPT and _accepts_gzip(accept_encoding)


@lru_cache(64)  # there are few kinds of clients, and to read one costs more than to code a chunk
def _accepts_gzip(accept_encoding: str) -> bool:
    return float(parse_accept_header(accept_encoding).quality("gzip")) > 0


def compressed(body: bytes) -> bytes:
    """Code a whole body."""
    return gzip.compress(body, LEVEL, mtime=0)
