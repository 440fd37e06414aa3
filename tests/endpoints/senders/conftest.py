"""A bot at each sender, as the persons there meet it: the workspace posts as they do, its stand-ins are their API."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from relay.replies.channel import Channel
from relay.replies.table import CHANNELS
from relay.texts.fit import fit
from tests.relay.senders.samples import SENDERS as SAMPLES
from tests.relay.senders.samples.sender import KEYS
from workspace.senders import github, gitlab, telegram
from workspace.senders.posting import DISCORD_PUBLIC_KEY, POSTERS, SECRET, compose
from workspace.testing import Workspace, until

SENDERS = tuple(POSTERS)
KEY = "pond-key-of-the-owner"  # the workspace itself prints that of its own endpoint
DISCORD = bytes(KEYS[0].verify_key).hex()  # signs what Discord would not have sent
ENDED = frozenset({"done", "failed"})
# by these the persons call it; a Slack mention and LINE's say by themselves that they are the bot's
NAMES = {
    "github": github.LOGIN,
    "gitlab": gitlab.USERNAME,
    "telegram": telegram.BOT["username"],
}
PATIENT = 30.0  # seconds that a sender waits here for its acknowledgement, on a machine that does ten other things
SLOW = "silent-1-16-200"  # an app that takes longer than senders wait, and begins with a silence
SAID = "".join(f" tok{number}" for number in range(16))

type Change = Callable[[dict[str, Any]], object]  # of a delivery's payload


@dataclass(kw_only=True)
class Bot:
    """One endpoint whose answers go back to its sender."""

    workspace: Workspace
    name: str  # whose deliveries they are: WhatsApp and Messenger have a stand-in in common
    url: str
    settings: Mapping[str, Any]
    route: str = "/chat"

    @property
    def api(self) -> Any:
        """The stand-in."""
        return self.workspace.sender(POSTERS[self.name].standin)

    def ask(self, text: str, **written: Any) -> dict[str, Any]:
        """Post what a person wrote. It has to be acknowledged; how fast that is, `python -m bench.later` measures."""
        written.setdefault("deadline", PATIENT)
        posted: dict[str, Any] = self.api.post(f"{self.url}{self.route}", text, by=self.name, **written)
        assert (posted["status"], posted["gave_up"]) == (200, False), posted
        return posted

    def deliver(
        self, change: Callable[[dict[str, Any]], object], text: str = "quack", **written: Any
    ) -> httpx.Response:
        """Post what nobody could write there: the payload is changed, and signed after that."""
        delivery = compose(self.name, text, **written)
        form = b"command=" in delivery.body
        payload = dict(parse_qsl(delivery.body.decode())) if form else json.loads(delivery.body)
        change(payload)
        body = urlencode(payload).encode() if form else json.dumps(payload).encode()
        sign = SAMPLES[POSTERS[self.name].standin].sign
        headers = httpx.Headers(dict(delivery.headers))
        headers.update(sign(body, int(time.time()), DISCORD if self.name == "discord" else SECRET))
        return self.workspace.client.post(f"{self.url}{self.route}", content=body, headers=headers)

    def change(self, **settings: Any) -> None:
        """Change settings of the endpoint."""
        self.settings = {**self.settings, **settings}
        self.workspace.endpoint(settings=self.settings, hook=self.url.rpartition("/")[2])

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.workspace.client.get(f"{self.url}{path}", headers={"X-API-Key": KEY, **headers})

    def post(self, path: str) -> httpx.Response:
        return self.workspace.client.post(f"{self.url}{path}", headers={"X-API-Key": KEY})

    def deliveries(self) -> list[dict[str, Any]]:
        """Give those that were accepted, oldest first."""
        return list(self.get("/deliveries").raise_for_status().json()["data"])[::-1]

    def delivery(self, id_: str) -> dict[str, Any]:
        return dict(self.get(f"/deliveries/{id_}").raise_for_status().json())

    def ended(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many have ended, and give them, oldest first. Raises TimeoutError."""

        def all_ended() -> bool:
            time.sleep(0.05)  # each look costs the plugin something as well
            rows = self.deliveries()
            return len(rows) >= count and all(row["state"] in ENDED for row in rows)

        until(all_ended)
        rows = self.deliveries()
        assert len(rows) == count, rows
        return [self.delivery(row["delivery_id"]) for row in rows]

    def outcome(self) -> tuple[str, str]:
        """Wait for the only delivery, and give its state and why it failed."""
        [row] = self.ended()
        return row["state"], (row["error"] or {}).get("code", "")

    def steps(self) -> list[tuple[str, str]]:
        """Give what was sent for the only delivery, and what came of it."""
        [row] = self.ended()
        own = {"accepted", "run", "answer", "failed"}
        return [(step["what"], step["result"]) for step in row["steps"] if step["what"] not in own]

    def said(self, place: str = "") -> list[str]:
        """Give what the bot says there now, in order, without the mark of a comment."""
        answers = self.api.answers(place or POSTERS[self.name].place)
        return [text.partition("\n\n<!-- duck-relay:")[0] for text in answers]

    def words(self, place: str = "") -> list[str]:
        """Give the same without the blanks around it."""
        return [text.strip() for text in self.said(place)]

    def silent(self) -> bool:
        """Tell whether nothing was accepted, run or sent: a delivery is stored before it is acknowledged."""
        return (self.deliveries(), self.runs(), self.requests()) == ([], [], [])

    def messages(self, place: str = "") -> list[dict[str, Any]]:
        chat = self.api.chat(place or POSTERS[self.name].place)
        return [message for message in chat if message["by"] == "bot"]

    def runs(self) -> list[dict[str, Any]]:
        """Give the requests that reached the app, once none of them runs any more."""
        calls = self.workspace.ended_calls(hook=self.url)
        return [dict(call["request"]) for call in calls if call["type"] == "app"]

    def requests(self, *words: str) -> list[dict[str, Any]]:
        """Give what the API was asked, as far as the path has one of these words in it."""
        return [one for one in self.api.requests() if not words or any(word in one["path"] for word in words)]

    def shown(self, id_: str) -> str:
        """Give all that an owner can read of a delivery: its record, the page, the list, the log."""
        page = self.get(f"/deliveries/{id_}", Accept="text/html").raise_for_status().text
        lists = [self.get("/deliveries").text, self.get("/deliveries", Accept="text/html").text]
        return "\n".join([json.dumps(self.delivery(id_)), page, *lists, *self.workspace.printed])


type OpenBot = Callable[..., Bot]


def channel(name: str) -> Channel:
    """Give the row by which a sender is answered."""
    return CHANNELS[POSTERS[name].standin]({"channel": name})


def fitting(name: str, text: str, *, rung: int = 0) -> list[str]:
    """Give the messages that have to say a whole answer at this sender."""
    way = channel(name).rungs[rung]
    most = min(way.limit, way.stream.most) if way.stream else way.limit
    return fit(text, most, way.measure, way.dialect, source=way.source)


def everywhere(
    bots: Sequence[Bot], text: str = "Do ducks quack?", where: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Ask all of them at once."""
    with ThreadPoolExecutor(len(bots)) as persons:
        list(persons.map(lambda one: one.ask(text, **(where or {}).get(one.name, {})), bots))


def apart(name: str, number: int) -> str:
    """Give a place at a sender, of several."""
    named = {
        "slack": f"C{number:05}",
        "discord": str(700_000_000_000_001_000 + number),
        "telegram": str(1000 + number),
        "line": f"U{number:032x}",
        "whatsapp": str(4_915_100_000_000 + number),
        "messenger": str(700_000_000_000_002_000 + number),
        "github": f"duck/pond#{100 + number}",
        "gitlab": f"duck/pond#{100 + number}",
    }
    return named[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A slow app that was asked in several places at once, and has answered."""

    bot: Bot
    posted: Mapping[str, dict[str, Any]]
    places: Mapping[str, Mapping[str, Any]]

    def answers(self, name: str) -> list[dict[str, Any]]:
        """Give the bot's messages in the place of this name."""
        return self.bot.messages(str(self.places[name]["place"]))


def ask_slowly(workspace: Workspace, sender: str, places: Mapping[str, Mapping[str, Any]], **settings: Any) -> Asked:
    """Ask an app that takes longer than its sender waits, and wait for the answers. Each place is one of its own."""
    bot = open_bot(workspace, sender, SLOW, **settings)
    bot.api.clear()
    with ThreadPoolExecutor(len(places)) as persons:
        posted = list(persons.map(lambda written: bot.ask("Do ducks quack?", **written), places.values()))
    bot.ended(len(places))
    return Asked(bot=bot, posted=dict(zip(places, posted, strict=True)), places=places)


@pytest.fixture
def bot(workspace: Workspace) -> Iterator[OpenBot]:
    """Make an endpoint of a sender's; what the stand-in knew before is forgotten."""
    opened: list[Bot] = []

    def make(name: str, app: str, *, faults: dict[str, Any] | None = None, **settings: Any) -> Bot:
        made = open_bot(workspace, name, app, **settings)
        if not any(one.name == name for one in opened):
            made.api.clear()
        opened.append(made)
        made.api.faults(**(faults or {}))
        return made

    yield make
    for one in opened:
        one.api.faults()


def open_bot(workspace: Workspace, name: str, app: str, **settings: Any) -> Bot:
    standin = POSTERS[name].standin
    given = {
        "api_key": KEY,
        "access": "signature",
        "webhook": standin,
        "webhook_secret": f"{DISCORD_PUBLIC_KEY},{DISCORD}" if name == "discord" else SECRET,
        "reply": "sender",
        "bot_token": workspace.sender(standin).token,
        "bot_id": NAMES.get(name),
        "app": {"app_id": app},
        **settings,
    }
    return Bot(workspace=workspace, name=name, url=workspace.endpoint(settings=given), settings=given)
