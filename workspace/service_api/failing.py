"""What stands where Dify's answer should be: workspace/faults.py, `service_api`."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from workspace.connection import cut, gone
from workspace.service_api.refusals import disabled, envelope
from workspace.service_api.streaming import MEDIA_TYPE

OF_RUNS = frozenset({"silent", "garbage", "cut"})
"""What can only happen to a run."""

_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"
_PAGE = "<!DOCTYPE html><html><head><title>Dify</title></head><body>Sign in to Dify</body></html>"
_GARBAGE = b'data: quack quack\n\ndata: {"event": "mess\n\ndata: [1, 2]\n\n\xff\xfe\n\ndata: null\n\n'


class Reset(Response):
    """Closes the connection without an answer."""

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        await cut(receive)


class Hang(Response):
    """Gives no answer at all, until the caller hangs up."""

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        await gone(receive)


class Silence(Response):
    """Begins a stream in which nothing comes, until the caller hangs up."""

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await gone(receive)


def _redirect(request: Request) -> Response:
    return RedirectResponse(f"{request.scope['root_path']}/moved", 302)


ANSWERS: Mapping[str, Callable[[Request], Response]] = {
    "reset": lambda _request: Reset(),
    "gateway": lambda _request: HTMLResponse(_GATEWAY, 502),
    "page": lambda _request: HTMLResponse(_PAGE),
    "redirect": _redirect,
    "disabled": lambda _request: envelope(disabled()),
    "silent": lambda _request: Silence(),
    "hang": lambda _request: Hang(),
    "garbage": lambda _request: Response(_GARBAGE, media_type=MEDIA_TYPE),
}
"""`cut` is not among them: there the run begins as ever."""
