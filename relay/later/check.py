"""Check my settings: what an endpoint's owner has to change, found before a message gets lost.

Nothing here asks anybody: what the sender's API said of its token, and whether the plugin reaches itself, is told.
No sentence holds a setting's value but the names of senders, so that none can hold a secret.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from relay.errors import AppUnavailable, RelayError
from relay.foreign import presentable
from relay.incoming import access
from relay.incoming.settings import SENDERS, Access, ReplyTo, Settings
from relay.incoming.settings.origin import origin
from relay.incoming.templates import ObjectTemplate, TextTemplate
from relay.senders.proof import MOST_SECRETS

SHORTEST_KEY = 16  # characters: nothing but its length holds off who guesses
CALLBACK_PREFIX = "whsec_"  # Standard Webhooks, "Signature scheme"
CALLBACK_BYTES = range(24, 65)  # of a callback's secret; there too


class Status(StrEnum):
    """What was found."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str  # the settings' own, as the form has it
    status: Status
    sentence: str  # what is so, and for a problem what to do

    def as_dict(self) -> dict[str, str]:
        return {"name": self.name, "status": self.status.value, "sentence": self.sentence}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What it takes to answer a sender's messages where they were asked."""

    token: bool = True  # bot_token
    name: bool = False  # bot_id
    own_address: bool = False  # it may be an installation of one's own, at sender_url


# the senders that can be answered by their own API
ANSWERED: Mapping[str, Answered] = {
    "slack": Answered(),
    "discord": Answered(token=False),  # an interaction brings its own
    "telegram": Answered(name=True),
    "line": Answered(),
    "meta": Answered(),
    "github": Answered(name=True, own_address=True),
    "gitlab": Answered(name=True, own_address=True),
}


def checks(
    settings: Settings,
    *,
    own: str,
    own_reached: bool | None,
    hook_id: str,
    token: str | None,
    refused: str | None,
) -> list[Check]:
    """Look at all settings, in the order of the form.

    `own` is the address by which the plugin would reach itself ("" for none) and `own_reached` whether it does (None:
    not tried). `token` says what the sender's API finds wrong with bot_token ("": nothing; None: it was not asked),
    `refused` what the last signature that was refused lacked (None: none was).
    """
    known = _Known(settings, own=own, own_reached=own_reached, hook_id=hook_id, token=token, refused=refused)
    return [Check(name=name, status=found[0], sentence=found[1]) for name, look in LOOKS if (found := look(known))]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that the checks go by."""

    settings: Settings
    own: str
    own_reached: bool | None
    hook_id: str
    token: str | None
    refused: str | None

    @property
    def answered(self) -> Answered | None:
        """What answering the sender takes; None where nobody is to be answered there, or can be."""
        settings = self.settings
        return ANSWERED.get(settings.webhook or "") if settings.reply is ReplyTo.SENDER else None


type _Found = tuple[Status, str]


def _ok(sentence: str) -> _Found:
    return Status.OK, sentence


def _problem(sentence: str) -> _Found:
    return Status.PROBLEM, sentence


def _not_needed(sentence: str) -> _Found:
    return Status.NOT_NEEDED, sentence


def _form(known: _Known) -> _Found:
    if problems := known.settings.problems:
        return _problem(f"These can't be understood, so every call is refused: {', '.join(problems)}. Correct them.")
    return _ok("Every field can be understood.")


def _key(known: _Known) -> _Found:
    keys = known.settings.api_keys
    if not keys:
        return _problem("No key is set: set api_key, a long random text. Without one nobody sees the deliveries.")
    if short := [str(number) for number, key in enumerate(keys, start=1) if len(key) < SHORTEST_KEY]:
        which = "The key has" if len(keys) == 1 else f"Of the keys, number {', '.join(short)} has"
        return _problem(
            f"{which} fewer than {SHORTEST_KEY} characters and can be guessed: take a longer random text."
        )
    return _ok("A key is set." if len(keys) == 1 else f"{len(keys)} keys are set, and each of them opens.")


def _app(known: _Known) -> _Found:
    settings = known.settings
    if settings.app:
        return _ok("A default app is picked.")
    if settings.access is Access.KEY:
        return _ok("No default app is picked, so each address has to name its app: …/chat/<app_id>.")
    if settings.allowed_apps:
        return _ok("Allowed apps are listed, and each address has to name one of them: …/chat/<app_id>.")
    return _problem("No app may run: pick a default app, because without the key only apps that are named here run.")


def _signature(known: _Known) -> _Found:
    settings = known.settings
    if settings.access is Access.PUBLIC and settings.webhook_secrets:
        return _problem(
            "webhook_secret is set, but everyone may call, so that no signature is checked and every call is refused:"
            " set who may call to who signs its requests, or empty the secret."
        )
    if settings.access is not Access.SIGNATURE:
        return _not_needed("Signatures are checked only where who may call is who signs its requests.")
    if settings.webhook is None:
        return _problem("Signatures are to be checked, but no sender is chosen: choose one in webhook.")
    try:
        access.choose_scheme(settings)
    except RelayError as error:
        return _problem(f"The signature can't be checked: {error.reason or error.message}.")
    secrets = len(settings.webhook_secrets)
    if not secrets:
        return _problem(
            "No secret is set, so every delivery is refused: enter in webhook_secret what the sender has."
        )
    if secrets > MOST_SECRETS:
        return _problem(f"webhook_secret holds more than {MOST_SECRETS} secrets: take out those of the past.")
    if settings.webhook == "meta" and not settings.verify_tokens:
        return _problem(
            "Meta can't check the address: set verify_token, and enter the same beside the address there."
        )
    return _ok("The signature of each delivery is checked.")


def _refused(known: _Known) -> _Found:
    if known.settings.access is not Access.SIGNATURE:
        return _not_needed("No signatures are checked.")
    if known.refused is None:
        return _ok("No delivery was refused for its signature lately.")
    return _problem(
        f"A delivery was refused: {_ended(known.refused)} If it was the sender's own, compare webhook and"
        " webhook_secret with what stands on the sender's page."
    )


def _templates(known: _Known) -> _Found:
    settings = known.settings
    wrong = []
    for name, kind in TEMPLATES.items():
        try:
            if source := getattr(settings, name):
                kind(name, source)
        except AppUnavailable:
            wrong.append(name)
    if wrong:
        return _problem(f"No valid template: {', '.join(wrong)}. The answer to a call with the key says where.")
    if not any(getattr(settings, name) for name in TEMPLATES):
        return _not_needed("No templates are set: the sender's own fields are taken as they are.")
    return _ok("All templates can be read. Try them on a real payload: what one lacks shows only there.")


def _reply(known: _Known) -> _Found:
    settings = known.settings
    name = SENDERS[settings.webhook].en_US if settings.webhook else ""
    if settings.reply is ReplyTo.RESPONSE:
        if settings.webhook in ANSWERED:
            return _ok(f"Answers go into the response. To see them in {name} itself, set reply to the sender.")
        return _ok("Answers go into the response.")
    if settings.reply is ReplyTo.CALLBACK:
        return _ok("Answers go to the callback address.")
    if settings.access is not Access.SIGNATURE:
        return _problem(
            "Answers are to go where the question was asked, but that is done only for deliveries whose signature is"
            " checked: set access to who signs its requests."
        )
    if not settings.webhook:
        return _problem("Answers are to go to the sender, but none is chosen: choose one in webhook.")
    if settings.webhook not in ANSWERED:
        return _problem(f"{name} can't be answered by an API: set reply to a callback address, or to the response.")
    return _ok(f"Answers go back to {name}.")


def _token(known: _Known) -> _Found:
    answered = known.answered
    if not answered:
        return _not_needed("A token is used only to answer where the question was asked.")
    if not known.settings.bot_token.get_secret_value().strip():
        if answered.token:
            return _problem("No token is set: docs/webhooks.md says where the sender's page has it, and its scopes.")
        return _not_needed("Each delivery brings what it takes to answer it.")
    if known.token:
        return _problem(f"The sender's API refuses the token: {_ended(known.token)} Enter a new one in bot_token.")
    if known.token is None:
        return _ok("A token is set. The sender's API was not asked about it.")
    return _ok("The sender's API takes the token.")


def _name(known: _Known) -> _Found:
    if not (known.answered and known.answered.name):
        return _not_needed("Only Telegram, GitHub and GitLab need the bot's name, to be answered there.")
    if not known.settings.bot_id.strip():
        return _problem(
            "No name is set: enter in bot_id the account that the token belongs to, so that the bot hears when it is"
            " meant and never answers itself."
        )
    return _ok("The bot's name is set.")


def _sender_url(known: _Known) -> _Found:
    if known.settings.sender_url is None:
        return _not_needed("The sender's public address is used.")
    if not known.answered:
        return _not_needed("An address is set, but nothing is sent to it.")
    if not known.answered.own_address:
        return _problem("Only GitHub and GitLab have installations of one's own: empty sender_url.")
    if urlsplit(known.settings.sender_url).scheme.lower() != "https":
        return _ok("The token goes to an address of your own, unencrypted: use https where that network isn't yours.")
    return _ok("Answers go to an address of your own.")


def _callback(known: _Known) -> _Found:
    settings = known.settings
    if settings.reply is not ReplyTo.CALLBACK:
        return _not_needed("Answers go elsewhere.")
    address = settings.callback_url.strip()
    if not address:
        return _problem("No address is set: enter in callback_url where answers are posted.")
    if "{{" in address or "{%" in address:
        if settings.callback_hosts:
            return _ok("A template names the address, of one of the origins that are listed.")
        return _problem(
            "A template names the address, but no origin is listed: list in callback_hosts what it may name."
        )
    try:
        asked, scheme = origin(address), urlsplit(address).scheme.lower()
    except ValueError:
        return _problem("callback_url is no address: it has to begin with https://.")
    if asked in settings.callback_hosts and scheme in {"https", "http"}:
        return _ok("Answers go to an origin that is listed.")
    if scheme != "https":
        return _problem("callback_url has to begin with https://, unless callback_hosts lists its origin.")
    return _ok("Answers go to a public https address. One inside your network has to be listed in callback_hosts.")


def _callback_secret(known: _Known) -> _Found:
    settings = known.settings
    if settings.reply is not ReplyTo.CALLBACK:
        return _not_needed("Nothing is posted to a callback address.")
    if not settings.callback_secrets:
        return _problem("No secret is set, so the receiver can't tell our posts from others': set callback_secret.")
    if not all(map(_can_sign, settings.callback_secrets)):
        return _problem("callback_secret has to be whsec_ and the Base64 of 24 to 64 random bytes.")
    return _ok("What is posted is signed.")


def _own(known: _Known) -> _Found:
    settings = known.settings
    if settings.relay_url and known.hook_id not in settings.relay_url.split("/"):
        return _problem("relay_url is not this endpoint's: copy the URL that Dify shows for it, up to its id.")
    later = settings.reply is not ReplyTo.RESPONSE
    if not known.own:
        lacks = "The plugin does not know its own address, which it calls to answer later: set relay_url."
        return _problem(lacks) if later else _not_needed(f"{lacks} Answers in the response do without.")
    if known.own_reached is None:
        return _ok("The address is known. Whether the plugin reaches it was not tried.")
    if known.own_reached:
        return _ok("The plugin reaches its own address.")
    lacks = "The plugin does not reach its own address: set relay_url to one that it reaches from where it runs."
    if later:
        return _problem(f"{lacks} Until then apps run in the response, and who hangs up early gets no answer.")
    return _not_needed(f"{lacks} Answers in the response do without.")


def _limits(known: _Known) -> _Found:
    settings = known.settings
    if settings.limit_user or settings.limit_endpoint:
        return _ok("What runs here is limited.")
    if settings.access is Access.PUBLIC:
        return _problem("Everyone may run apps at your cost as often as they like: set limit_user or limit_endpoint.")
    if settings.reply is ReplyTo.SENDER:
        return _ok("Nothing limits what a bot's users cost: limit_user and limit_endpoint do.")
    return _not_needed("Who calls is known.")


TEMPLATES: Mapping[str, Callable[[str, str], object]] = {
    "run_if": TextTemplate,
    "query_template": TextTemplate,
    "inputs_template": ObjectTemplate,
    "user_template": TextTemplate,
    "answer_template": ObjectTemplate,
    "callback_url": TextTemplate,
}

LOOKS: Sequence[tuple[str, Callable[[_Known], _Found]]] = (
    ("Settings", _form),
    ("API key", _key),
    ("Default app", _app),
    ("Webhook signature", _signature),
    ("Last refused signature", _refused),
    ("Templates", _templates),
    ("Answer goes to", _reply),
    ("Bot token", _token),
    ("Bot's name", _name),
    ("Sender's address", _sender_url),
    ("Callback address", _callback),
    ("Callback secret", _callback_secret),
    ("This endpoint's URL", _own),
    ("Limits", _limits),
)


def _ended(text: str) -> str:
    """Give a told reason as the end of a sentence."""
    told = presentable(text).rstrip(".")
    return f"{told}."


def _can_sign(secret: str) -> bool:
    try:
        key = b64decode(secret.removeprefix(CALLBACK_PREFIX), validate=True)
    except ValueError:
        return False
    return secret.startswith(CALLBACK_PREFIX) and len(key) in CALLBACK_BYTES
