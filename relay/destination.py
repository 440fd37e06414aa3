"""Where an answer goes, and what a person who speaks to a bot wants of it. Nothing is done here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relay.errors import InvalidParam, Misconfigured
from relay.incoming.access import Caller
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.received import Received
from relay.incoming.settings import ReplyTo, Settings
from relay.plan import Destination
from relay.replies import callback
from relay.replies.callback import Reach
from relay.replies.channel import TOKEN, UNWRITABLE, Target
from relay.replies.table import CHANNELS
from relay.senders import Preset

LATER = "later"  # as a response_mode
PREFERENCE = re.compile(r"(?:^|,)\s*respond-async\s*(?:[;,]|$)", re.IGNORECASE)  # RFC 7240, 4.1
LONGEST_PREFERENCE = 1000  # characters of a Prefer header that are read

ANEW = frozenset({"/new", "!new", "/clear"})  # as a whole message
BEGUN = "A new conversation begins."
TEXT_ONLY = "I can read text only. Please write your question."
NO_WORDS = "Please write your question in the same message."
# whom a message is for, at its beginning, as it is written on a forge and in Telegram
_ADDRESS = re.compile(r"@([A-Za-z0-9_][A-Za-z0-9_.-]{0,254}+)[,:]?(?=\s|\Z)\s*", re.ASCII)
_TOKENS_OWN = re.compile(r"([0-9]{5,20}):", re.ASCII)  # Telegram Bot API, "Authorizing your bot": the bot's id

# puts a message into an app's input, beside what is given already; raises InvalidParam
type Into = Callable[[str, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a person said to the bot, and where."""

    asked: Asked
    to: Mapping[str, Any]
    handle: Mapping[str, Any] = field(default_factory=dict, repr=False)
    words: str = ""
    forgets: bool = False
    joins: str = ""
    person: str = ""
    unasked: bool = False


def choose(received: Received, settings: Settings, asked: Asked, caller: Caller | None) -> Destination:
    """Say where the answer goes: the setting, else what a holder of the key asks for. Raises RelayError."""
    if settings.reply is ReplyTo.SENDER:
        if caller is not Caller.SIGNATURE or settings.webhook not in CHANNELS:
            raise Misconfigured(
                "reply is sender, which takes access signature and a webhook whose sender can be answered:"
                f" {', '.join(CHANNELS)}"
            )
        return Destination.SENDER
    if settings.reply is ReplyTo.CALLBACK:
        if not settings.callback_url:
            raise Misconfigured("reply is callback, but callback_url is not set")
        fixed, origins = settings.callback_url.strip(), settings.callback_hosts
        if "{" not in fixed and callback.permitted(fixed, origins=origins, listed=False) is Reach.REFUSED:
            raise Misconfigured(callback.UNFIT)
        return Destination.CALLBACK
    wanted = asked.response_mode == LATER
    if wanted and caller is not Caller.KEY:
        raise InvalidParam("response_mode later is for holders of the key.")
    prefers = caller is Caller.KEY and asked.response_mode is None and asked.format is None
    if wanted or (prefers and PREFERENCE.search(received.header("prefer")[:LONGEST_PREFERENCE])):
        return Destination.LATER
    return Destination.RESPONSE


def listen(mapped: Mapped, settings: Settings, into: Into) -> Spoken | None:
    """Read what was said to the bot; None where nobody wants an answer. Raises InvalidParam, Misconfigured."""
    preset = mapped.preset
    if preset is None or preset.to is None or preset.edited:
        return None
    own = _own_names(settings)
    if preset.user and preset.user.lower() in own:
        return None
    meant = preset.is_meant(own) if settings.webhook == "telegram" else not own.isdisjoint(preset.mentions)
    unasked = preset.among_others and not (preset.addressed or meant)
    if unasked and not (preset.threaded and preset.conversation_key):
        return None
    sender = settings.webhook or ""
    _check(sender, preset.to, preset.handle, settings)
    asked, words, text = mapped.asked, "", _without_address(mapped.asked.query.strip(), preset, own)
    forgets = text.lower() in ANEW
    if forgets:
        words = BEGUN
    elif not text:
        words = TEXT_ONLY if preset.wordless else NO_WORDS
    if words and unasked and not forgets:
        return None
    thread = preset.conversation_key or preset.user or ""
    given = {"user": preset.user} if preset.user else {}
    placed = {} if words else into(text, asked.inputs)
    return Spoken(
        asked=replace(
            asked,
            query=text,
            inputs={**given, **placed, **asked.inputs},
            placed=bool(placed),
            user=asked.user if mapped.named_by_owner else f"{sender}:{thread}",
        ),
        to=preset.to,
        handle=preset.handle,
        words=words,
        forgets=forgets,
        joins=f"{sender}:{thread}" if preset.among_others and preset.threaded else "",
        person=preset.user or "",
        unasked=unasked,
    )


def _own_names(settings: Settings) -> frozenset[str]:
    """Give by what names the bot is known: the setting, and the id that a Telegram token begins with."""
    token = _TOKENS_OWN.match(settings.bot_token.get_secret_value().strip())
    name = settings.bot_id.strip().lower().removeprefix("@").removesuffix("[bot]")
    return frozenset(filter(None, (name, token[1] if token else "")))


def _without_address(text: str, preset: Preset, own: frozenset[str]) -> str:
    """Drop the bot's name where a message begins with it: the app is not to be told its own, nor is it a question."""
    found = _ADDRESS.match(text)
    if not found or not preset.among_others:
        return text
    named = replace(preset, addressed=False, mentions=frozenset({found[1].rstrip(".-").lower()}))
    return text[found.end() :] if named.is_meant(own) else text


def _check(sender: str, to: Mapping[str, Any], handle: Mapping[str, Any], settings: Settings) -> None:
    token = settings.bot_token.get_secret_value().strip()
    if token and not TOKEN.fullmatch(token):
        raise Misconfigured(f"reply is sender, but {UNWRITABLE}")
    needs = CHANNELS[sender](to).needs(Target(to=to, handle=handle, token=token, bot_id=settings.bot_id))
    if needs:
        raise Misconfigured(f"reply is sender, but {needs}")
