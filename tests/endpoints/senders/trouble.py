"""The same trouble at all the senders at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.endpoints.senders.conftest import KEY, SENDERS, Bot, OpenBot, everywhere
from workspace.senders.posting import POSTERS, SECRET
from workspace.testing import until

QUICK = "silent-1"  # silent until the signs of life were sent, then it says all at once
SAID = ["late"]
BY_TOKEN = tuple(name for name in SENDERS if name != "discord")  # an interaction brings what its answer needs
FORGES = ("github", "gitlab")
WRONG = "7000:AAwrong-wrong-wrong"
FOREIGN = "Die Ente ist weg: <b>xoxb-secret</b> https://api.invalid/?token=geheim"  # what an API says
REFUSED = dict.fromkeys(SENDERS, ("failed", "reply_failed"))
DONE = dict.fromkeys(SENDERS, ("done", ""))
# the words by which a request that says something is known, in its path
SAYING = {
    "slack": "POST /chat.",
    "discord": "/webhooks/",
    "telegram": "Message",
    "line": "/message/",
    "whatsapp": "POST /700000000000011/messages",
    "messenger": "POST /me/messages",
    "github": "comments",
    "gitlab": "notes",
}


def gather(bot: OpenBot, app: str = QUICK, *, names: Iterable[str] = SENDERS, **settings: Any) -> dict[str, Bot]:
    return {name: bot(name, app, **settings) for name in names}


def ask(asked: Mapping[str, Bot], what: Mapping[str, Any] | None = None, **fault: Any) -> None:
    """Ask all of them, and once each has shown that it is at it, let `what` go wrong there."""
    everywhere([*asked.values()])
    until(lambda: all(one.requests() for name, one in asked.items() if name != "discord"))
    for standin in {POSTERS[name].standin for name in asked}:
        names = [name for name in asked if POSTERS[name].standin == standin]
        faults = {
            kind: [{"what": SAYING[name], **one} for name in names] if isinstance(one, Mapping) else one
            for kind, one in fault.items()
        }
        asked[names[0]].api.faults(**faults)


def mend(asked: Mapping[str, Bot]) -> None:
    for one in asked.values():
        one.api.faults()


def outcomes(asked: Mapping[str, Bot]) -> dict[str, tuple[str, str]]:
    return {name: one.outcome() for name, one in asked.items()}


def steps(asked: Mapping[str, Bot]) -> dict[str, list[tuple[str, str]]]:
    """Give what was sent for each, and what came of it. Whether Slack's message begins as a stream is luck."""
    return {
        name: [("post" if what == "start" else what, result) for what, result in one.steps()]
        for name, one in asked.items()
    }


def said(asked: Mapping[str, Bot]) -> dict[str, list[str]]:
    return {name: [text.strip() for text in one.said()] for name, one in asked.items()}


def nothing_of(asked: Mapping[str, Bot], *secrets: str) -> None:
    """See that none of this can be read by an owner, nor what is secret at all."""
    for one in asked.values():
        [row] = one.ended()
        one.workspace.line(f"{row['delivery_id']}/run 200")  # the log has come through
        shown = one.shown(row["delivery_id"])
        found = [secret for secret in (*secrets, SECRET, KEY, one.api.token, FOREIGN, "geheim") if secret in shown]
        assert found == [], f"{one.name}: {found}"
