"""A caller's request, written out again as the daemon does it before it hands it to the plugin.

Source: copyRequest in the daemon's internal/service/endpoint.go, and Go's net/http, which writes the bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_to_bytes

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a body that reach the plugin; what is over is dropped, and Content-Length rewritten."""

METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
"""Methods that have a route in the daemon: PATCH is "route not found"."""

_DROPPED = frozenset(
    {
        "x-forwarded-for",
        "x-real-ip",
        "x-forwarded",
        "x-original-forwarded-for",
        "x-original-url",
        "x-original-host",
        # written by Go itself
        "host",
        "user-agent",
        "content-length",
        "transfer-encoding",
        "trailer",
    }
)
_USUALLY_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRequest:
    """What a caller sent to `/e/<hook_id><path>`."""

    method: str
    hook_id: str
    path: bytes  # percent-decoded, begins with "/"
    query: bytes  # as sent, without "?"
    headers: Sequence[tuple[str, str]]  # lower-case names, in the caller's order
    body: bytes  # cut to the limit already

    def raw(self) -> bytes:
        """Return the request as the raw HTTP/1.1 that the plugin's SDK parses."""
        first = dict(reversed(self.headers))
        host = first.get("x-original-host") or first.get("host", "")
        target = quote(self.path, safe="-_.~$&+,/:;=@")
        if query := _query(self.query):
            target += "?" + query
        head = [f"{self.method} {target} HTTP/1.1", f"Host: {host}"]
        if agent := first.get("user-agent", "Go-http-client/1.1"):
            head.append(f"User-Agent: {agent}")
        body = self.body
        if body:
            head.append(f"Content-Length: {len(body)}")
        elif self.method not in _USUALLY_WITHOUT_BODY:
            # Go takes the copied empty body for one of unknown length. The SDK does not undo the chunking:
            # a plugin sees the body b"0\r\n\r\n" where the caller sent none.
            head.append("Transfer-Encoding: chunked")
            body = b"0\r\n\r\n"
        head += (f"{name}: {value}" for name, value in self._headers(host, first))
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body

    def _headers(self, host: str, first: dict[str, str]) -> Iterable[tuple[str, str]]:
        """Yield the other headers under Go's canonical names, sorted by them."""
        kept = [
            (canonical(name), one_line(value))
            for name, value in self.headers
            if name not in _DROPPED and name != "dify-hook-id"
        ]
        kept.append(("Dify-Hook-Id", self.hook_id))
        if not first.get("dify-hook-url"):  # a caller's own one is passed on
            kept = [header for header in kept if header[0] != "Dify-Hook-Url"]
            scheme = "https" if first.get("x-forwarded-proto") == "https" else "http"
            url = f"{scheme}://{host}/e/{self.hook_id}".encode("latin-1") + self.path
            kept.append(("Dify-Hook-Url", one_line(url.decode("latin-1"))))
        return sorted(kept, key=lambda header: header[0])


def canonical(name: str) -> str:
    """Write a header's name as Go does: `x-api-key` becomes `X-Api-Key`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def one_line(value: str) -> str:
    """Return a header's value as Go writes it."""
    return value.replace("\r", " ").replace("\n", " ").strip(" \t")


def _query(raw: bytes) -> str:
    """Decode and encode a query string again: sorted by name, values of a name in their order.

    Pairs that Go can't decode are dropped: those with a semicolon or a broken percent escape.
    """
    pairs = []
    for pair in raw.split(b"&"):
        if not pair or b";" in pair:
            continue
        name, _, value = pair.partition(b"=")
        if _decodable(name) and _decodable(value):
            pairs.append((_unquote(name), _unquote(value)))
    pairs.sort(key=lambda pair: pair[0])
    return "&".join(f"{quote_plus(name, safe='')}={quote_plus(value, safe='')}" for name, value in pairs)


def _decodable(text: bytes) -> bool:
    return all(
        len(rest) >= 2 and all(digit in b"0123456789abcdefABCDEF" for digit in rest[:2])
        for rest in text.split(b"%")[1:]
    )


def _unquote(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
