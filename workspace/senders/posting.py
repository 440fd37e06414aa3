"""Deliveries as the senders post them: from what a person wrote somewhere, headers and body, signed.

Source: the pages that the modules of `relay/senders` name, for events and for signatures.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.senders import forges, messengers
from workspace.senders.delivery import SECRET, Delivery, Written
from workspace.senders.messengers import DISCORD_PUBLIC_KEY

__all__ = ["DISCORD_PUBLIC_KEY", "POSTERS", "SECRET", "compose", "post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """How one sender posts."""

    standin: str
    label: str
    compose: Callable[[Written], Delivery]
    place: str
    user: str
    kinds: tuple[str, ...] = ("",)  # the first is the usual one
    deadline: float  # seconds until it hangs up


def post(
    name: str,
    text: str,
    *,
    place: str = "",
    user: str = "",
    thread: str = "",
    mention: bool = True,
    kind: str = "",
    secret: str = SECRET,
    now: float | None = None,
) -> tuple[dict[str, str], bytes]:
    """Give headers and body of a delivery.

    `place` is a channel, chat or person, or `<owner>/<repository>#<number>`; what kind of place it is tells its form,
    such as Slack's D… and Telegram's negative ids. `mention`: the bot is mentioned, where there are others. `kind`:
    `event` or `command` of Slack, `comment` or `issue` of GitHub, `note` or `issue` of GitLab. `now`: seconds since
    1970.
    """
    delivery = compose(
        name, text, place=place, user=user, thread=thread, mention=mention, kind=kind, secret=secret, now=now
    )
    return dict(delivery.headers), delivery.body


def compose(name: str, text: str, *, now: float | None = None, **written: Any) -> Delivery:
    """Give the same with what the workspace has to know of it. Raises KeyError for an unknown name or kind."""
    poster = POSTERS[name]
    given = {key: value for key, value in written.items() if value not in {"", None}}
    kind = given.pop("kind", poster.kinds[0])
    if kind not in poster.kinds:
        raise KeyError(kind)
    usual = {"place": poster.place, "user": poster.user, "thread": "", "mention": True, "secret": SECRET}
    return poster.compose(
        Written(text=text, kind=kind, now=time.time() if now is None else now, **{**usual, **given})
    )


_ADA = "U" + "a" * 32
POSTERS: Mapping[str, Poster] = {
    "slack": Poster(
        standin="slack",
        label="Slack",
        compose=messengers.from_slack,
        place="C0POND",
        user="U0ADA",
        kinds=("event", "command"),
        deadline=3,
    ),
    "discord": Poster(
        standin="discord",
        label="Discord",
        compose=messengers.from_discord,
        place="700000000000000100",
        user="700000000000000042",
        kinds=("command", "direct"),
        deadline=3,
    ),
    "telegram": Poster(
        standin="telegram", label="Telegram", compose=messengers.from_telegram, place="42", user="42", deadline=60
    ),
    "line": Poster(standin="line", label="LINE", compose=messengers.from_line, place=_ADA, user=_ADA, deadline=2),
    "whatsapp": Poster(
        standin="meta",
        label="WhatsApp",
        compose=messengers.from_whatsapp,
        place="4915112345678",
        user="4915112345678",
        deadline=10,
    ),
    "messenger": Poster(
        standin="meta",
        label="Messenger",
        compose=messengers.from_messenger,
        place="700000000000000042",
        user="700000000000000042",
        deadline=5,
    ),
    "github": Poster(
        standin="github",
        label="GitHub",
        compose=forges.from_github,
        place="duck/pond#7",
        user="ada",
        kinds=("comment", "issue"),
        deadline=10,
    ),
    "gitlab": Poster(
        standin="gitlab",
        label="GitLab",
        compose=forges.from_gitlab,
        place="duck/pond#7",
        user="ada",
        kinds=("note", "issue"),
        deadline=10,
    ),
}
