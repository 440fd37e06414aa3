"""What a browser sends for a form with files."""

from collections.abc import Iterable

from relay.incoming import body
from relay.incoming.body import Body

type Value = str | tuple[str, bytes]  # a text, or a filename and content

BOUNDARY = "----duck"


def multipart(*fields: tuple[str, Value]) -> Body:
    """Give a form's fields as the relay reads them."""
    return body.read(b"".join(_parts(fields)), f"multipart/form-data; boundary={BOUNDARY}")


def _parts(fields: Iterable[tuple[str, Value]]) -> Iterable[bytes]:
    for name, value in fields:
        filename, content = ("", value.encode()) if isinstance(value, str) else value
        told = f'; filename="{filename}"\r\nContent-Type: application/octet-stream' if filename else ""
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'.encode()
        yield content + b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()
