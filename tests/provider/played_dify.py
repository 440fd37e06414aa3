"""Plays Dify's Service API, byte by byte, for what a real one does only on a bad day."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent.parent / "fixtures" / "tls" / "localhost.pem"  # and its key

type Pieces = Iterable[bytes]
type Answer = Callable[["Asked"], Pieces]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    line: str  # "POST /v1/chat-messages"
    headers: Mapping[str, str]
    body: bytes
    connection: int  # its number

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PlayedDify:
    """Answers by the request's line; what has no answer ends the connection without a word."""

    answers: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    tls: ssl.SSLContext | None = None
    heard: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, line: str) -> Asked:
        """Wait until something was asked."""
        with self.heard:
            assert self.heard.wait_for(lambda: any(one.line == line for one in self.asked), timeout=60)
        return next(one for one in self.asked if one.line == line)

    def lines(self) -> list[str]:
        return [one.line for one in self.asked]

    def serve(self, listener: socket.socket) -> None:
        number = 0
        with suppress(OSError):  # it is closed
            while True:
                connection, _ = listener.accept()
                number += 1
                threading.Thread(target=self._answer, args=(connection, number), daemon=True).start()

    def _answer(self, connection: socket.socket, number: int) -> None:
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        with suppress(OSError), connection, connection.makefile("rb") as file:
            while asked := _read(file, number):
                with self.heard:
                    self.asked.append(asked)
                    self.heard.notify_all()
                if not (answer := self.answers.get(asked.line)):
                    return
                for piece in answer(asked):
                    connection.sendall(piece)
            connection.shutdown(socket.SHUT_RDWR)


def _read(file: Any, number: int) -> Asked | None:
    first = file.readline().decode().strip()
    if not first:
        return None
    headers = {}
    while line := file.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))
    return Asked(line=first.rpartition(" ")[0], headers=headers, body=body, connection=number)


@contextmanager
def played(answers: Mapping[str, Answer], *, tls: bool = False) -> Iterator[PlayedDify]:
    """Play it on this machine, by lines such as "GET /v1/info"; with `tls`, those trust it who trust CERTIFICATE."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dify = PlayedDify(dict(answers), url=f"http{'s' * tls}://127.0.0.1:{listener.getsockname()[1]}/v1")
        if tls:
            dify.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            dify.tls.load_cert_chain(CERTIFICATE)
        threading.Thread(target=dify.serve, args=(listener,), daemon=True).start()
        yield dify
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def head(status: str, content_type: str, *more: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {content_type}", *more, "", ""]).encode()


def whole(status: str, body: Any, content_type: str = "application/json", *more: str) -> Answer:
    """Answer in one piece: JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: [head(status, content_type, f"Content-Length: {len(content)}", *more) + content]


def refusal(status: int, code: str, message: str) -> Answer:
    return whole(f"{status} No", {"code": code, "message": message, "status": status})


def data(event: Any) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


STREAM = head("200 OK", "text/event-stream; charset=utf-8", "Transfer-Encoding: chunked")
LAST = b"0\r\n\r\n"


def stream(*events: Any) -> Answer:
    """Stream events and end well."""
    return lambda _: [STREAM, *(chunk(data(event)) for event in events), LAST]
