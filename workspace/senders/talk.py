"""`/chat`: write as a person at each sender, and see what comes back through the stand-in of its API."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from workspace.endpoint import Endpoint
from workspace.html import TEMPLATES
from workspace.senders import github, gitlab, telegram
from workspace.senders.chat import Message
from workspace.senders.management import Senders
from workspace.senders.posting import DISCORD_PUBLIC_KEY, POSTERS, SECRET
from workspace.senders.rendering import render
from workspace.senders.standin import StandIn

APP = "demo-chat"
BOTS: Mapping[str, str] = {
    "telegram": str(telegram.BOT["username"]),
    "github": github.LOGIN,
    "gitlab": gitlab.USERNAME,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person can write."""

    label: str
    place: str
    kind: str = ""
    others: bool = False  # there are others, so that the bot may be mentioned or not


PLACES: Mapping[str, Sequence[Place]] = {
    "slack": (
        Place("#pond", "C0POND", "event", others=True),
        Place("direct message", "D0ADA", "event"),
        Place("/duck in #pond", "C0POND", "command"),
    ),
    "discord": (
        Place("/duck in #pond", "700000000000000100", "command"),
        Place("/duck in a direct message", "700000000000000101", "direct"),
    ),
    "telegram": (Place("private chat", "42"), Place("group", "-1001000000042", others=True)),
    "line": (Place("chat", "U" + "a" * 32), Place("group", "C" + "c" * 32, others=True)),
    "whatsapp": (Place("chat", "4915112345678"),),
    "messenger": (Place("chat", "700000000000000042"),),
    "github": (
        Place("comment on duck/pond#7", "duck/pond#7", "comment", others=True),
        Place("new issue duck/pond#8", "duck/pond#8", "issue", others=True),
    ),
    "gitlab": (
        Place("note on duck/pond#7", "duck/pond#7", "note", others=True),
        Place("note on duck/pond!8", "duck/pond!8", "note", others=True),
        Place("new issue duck/pond#9", "duck/pond#9", "issue", others=True),
    ),
}
THREADS = frozenset({"slack"})


@dataclass(slots=True, kw_only=True)
class Posted:
    """One delivery, and how long its sender waited."""

    label: str
    place: str
    deadline: float
    outcome: Mapping[str, Any] | None = None  # of `Senders.deliver`

    def __str__(self) -> str:
        waits = f"{self.label} waits {self.deadline:g} s"
        if self.outcome is None:
            return f"{waits} …"
        if self.outcome["gave_up"]:
            return f"{waits}: it hung up"
        if not self.outcome["status"]:
            return f"{waits}: nothing came back ({self.outcome['body']})"
        took = f"in {self.outcome['seconds']:.2g} s"
        if self.outcome["status"] < 300:
            return f"{waits}: acknowledged {took}"
        return f"{waits}: refused {took} with {self.outcome['status']}, {self.outcome['body'][:300]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The pages below `/chat`."""

    senders: Senders
    url: str
    posted: deque[Posted] = field(default_factory=lambda: deque(maxlen=50))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def routes(self) -> list[Route]:
        return [
            Route("/chat", self.list, methods=["GET"]),
            Route("/chat/{name}", self.show, methods=["GET"]),
            Route("/chat/{name}", self.say, methods=["POST"]),
            Route("/chat/{name}/now", self.now, methods=["GET"]),
        ]

    async def list(self, _request: Request) -> Response:
        return RedirectResponse("/chat/slack", 303)

    async def show(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in POSTERS:
            return Response("no such sender", 404)
        chosen = _number(request.query_params.get("place", "0"))
        nonce = secrets.token_urlsafe(16)
        page = TEMPLATES.get_template("chat.html").render(
            senders=[(key, poster.label) for key, poster in POSTERS.items()],
            name=name,
            label=POSTERS[name].label,
            places=PLACES[name],
            chosen=min(chosen, len(PLACES[name]) - 1),
            thread=request.query_params.get("thread", ""),
            threads=name in THREADS,
            shown=self._shown(name),
            hook=hook(name),
            nonce=nonce,
        )
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; connect-src 'self';"
            " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})

    async def now(self, request: Request) -> Response:
        """Give the messages alone, as the page asks for them again and again."""
        name = request.path_params["name"]
        if name not in POSTERS:
            return Response("no such sender", 404)
        return HTMLResponse(self._shown(name), headers={"Cache-Control": "no-store"})

    async def say(self, request: Request) -> Response:
        """Post what was written as the sender does, and show the page while it waits."""
        name = request.path_params["name"]
        if name not in POSTERS:
            return Response("no such sender", 404)
        if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return Response("only from this page", 403)
        form = await _form(request)
        chosen = min(_number(form.get("place", "0")), len(PLACES[name]) - 1)
        thread = form.get("thread", "").strip()
        if text := form.get("text", "").strip():
            self._post(name, text, PLACES[name][chosen], thread=thread, mention="mention" in form)
        query = urlencode({"place": chosen, **({"thread": thread} if thread else {})})
        return RedirectResponse(f"/chat/{name}?{query}", 303)

    def _post(self, name: str, text: str, place: Place, *, thread: str, mention: bool) -> None:
        poster = POSTERS[name]
        posted = Posted(label=poster.label, place=place.place, deadline=poster.deadline)
        self.posted.append(posted)

        async def deliver() -> None:
            posted.outcome = await self.senders.deliver(
                name,
                f"{self.url}/e/{hook(name)}/chat",
                text,
                place=place.place,
                thread=thread,
                mention=mention or not place.others,
                kind=place.kind,
            )

        task = asyncio.create_task(deliver())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _shown(self, name: str) -> str:
        standin = self.senders.standins[POSTERS[name].standin]
        standin.dump()  # a draft that nobody renewed goes by itself
        places = {place.place for place in PLACES[name]}
        label = POSTERS[name].label
        return TEMPLATES.get_template("chat_messages.html").render(
            rooms=[_Room(standin, place) for place in dict.fromkeys(place.place for place in PLACES[name])],
            names={place.place: place.label for place in reversed(PLACES[name])},
            everywhere=[status.text for status in standin.chat.alive(standin.clock()) if not status.place],
            posted=[(posted.place, str(posted)) for posted in self.posted if posted.label == label][-3:],
            elsewhere=sum(message.place not in places for message in standin.chat.messages),
            render=render,
            clock=lambda at: time.strftime("%H:%M:%S", time.localtime(at)),
        )


class _Room:
    """What is seen in one place: each thread below the message that it began with."""

    def __init__(self, standin: StandIn, place: str) -> None:
        self.place = place
        self.messages = _in_threads([message for message in standin.chat.messages if message.place == place])
        self.statuses = [status.text for status in standin.chat.alive(standin.clock()) if status.place == place]


def _in_threads(messages: Sequence[Message]) -> list[tuple[bool, Message]]:
    """Give each message with whether it stands below another."""
    roots = {message.id: message for message in messages if not message.thread}
    below: dict[str, list[Message]] = {}
    for message in messages:
        if message.thread in roots:
            below.setdefault(message.thread, []).append(message)
    ordered: list[tuple[bool, Message]] = []
    for message in messages:
        if message.thread in roots:
            continue
        ordered.append((False, message))
        ordered += ((True, answer) for answer in below.get(message.id, ()))
    return ordered


def hook(name: str) -> str:
    """Give the hook id of the endpoint that a sender posts to."""
    return f"chat-{name}"


def endpoints(senders: Senders, *, url: str | None) -> Sequence[Endpoint]:
    """Give the endpoints that the senders post to: one for each, set up as its owner would.

    `url`: the workspace's, for a plugin that can't find out its own address.
    """
    return [
        Endpoint(
            hook_id=hook(name),
            settings={
                "access": "signature",
                "webhook": poster.standin,
                "webhook_secret": DISCORD_PUBLIC_KEY if name == "discord" else SECRET,
                "reply": "sender",
                "bot_token": senders.standins[poster.standin].token,
                "bot_id": BOTS.get(name, ""),
                "app": {"app_id": APP},
                "relay_url": f"{url}/e/{hook(name)}" if url else None,
            },
        )
        for name, poster in POSTERS.items()
    ]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
