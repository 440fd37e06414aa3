"""Origins, as browsers write them: who may call, and what may be called."""

from urllib.parse import urlsplit

_USUAL_PORTS = frozenset({("https", 443), ("http", 80)})
_UNFIT = frozenset("*;")


def origin(text: str) -> str:
    """Write an origin as browsers send it, whatever an address it was copied from. Raises ValueError for none.

    Source: WHATWG HTML, "Serialization of an origin"; URL, "Host serializing".
    """
    address = urlsplit(text)
    # a pattern, or a list with other commas, would match no browser's origin, and nobody would be told
    if not address.scheme or not address.hostname or not _UNFIT.isdisjoint(text):
        raise ValueError("no origin")
    host, port = address.hostname, address.port
    host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    usual = port is None or (address.scheme, port) in _USUAL_PORTS
    return f"{address.scheme}://{host}" if usual else f"{address.scheme}://{host}:{port}"
