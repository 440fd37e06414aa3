"""Whether answers get to where they are to go."""

from urllib.parse import urlsplit

from relay.incoming.settings import SENDERS, Access, ReplyTo
from relay.incoming.settings.origin import origin
from relay.later.check.found import ANSWERED, Found, Known, ended, not_needed, ok, problem
from relay.replies.callback import LONGEST, Reach, permitted
from relay.replies.channel import TOKEN, UNWRITABLE
from relay.senders.standard_webhooks import LONGEST_KEY, SHORTEST_KEY


def reply(known: Known) -> Found:
    settings = known.settings
    name = SENDERS[settings.webhook].en_US if settings.webhook else ""
    if settings.reply is ReplyTo.RESPONSE:
        if settings.webhook in ANSWERED:
            return ok(f"Answers go into the response. To see them in {name} itself, set reply to the sender.")
        return ok("Answers go into the response.")
    if settings.reply is ReplyTo.CALLBACK:
        return ok("Answers go to the callback address.")
    if settings.access is not Access.SIGNATURE:
        return problem(
            "Answers are to go where the question was asked, but that is done only for deliveries whose signature is"
            " checked: set access to who signs its requests."
        )
    if not settings.webhook:
        return problem("Answers are to go to the sender, but none is chosen: choose one in webhook.")
    if settings.webhook not in ANSWERED:
        return problem(f"{name} can't be answered by an API: set reply to a callback address, or to the response.")
    return ok(f"Answers go back to {name}.")


def token(known: Known) -> Found:
    answered = known.answered
    if not answered:
        return not_needed("A token is used only to answer where the question was asked.")
    token = known.settings.bot_token.get_secret_value().strip()
    if not token:
        if answered.token:
            return problem("No token is set: docs/webhooks.md says where the sender's page has it, and its scopes.")
        return not_needed("Each delivery brings what it takes to answer it.")
    if not TOKEN.fullmatch(token):
        return problem(f"{ended(UNWRITABLE)} Copy it once more, and nothing beside it.")
    if known.token:
        return problem(f"The sender's API refuses the token: {ended(known.token)} Enter a new one in bot_token.")
    if known.token is None:
        return ok("A token is set. The sender's API was not asked about it.")
    return ok("The sender's API takes the token.")


def name(known: Known) -> Found:
    if not (known.answered and known.answered.name):
        return not_needed("Only Telegram, GitHub and GitLab need the bot's name, to be answered there.")
    if not known.settings.bot_id.strip():
        return problem(
            "No name is set: enter in bot_id the account that the token belongs to, so that the bot hears when it is"
            " meant and never answers itself."
        )
    return ok("The bot's name is set.")


def sender_url(known: Known) -> Found:
    if known.settings.sender_url is None:
        return not_needed("The sender's public address is used.")
    if not known.answered:
        return not_needed("An address is set, but nothing is sent to it.")
    if not known.answered.own_address:
        return problem("Only GitHub and GitLab have installations of one's own: empty sender_url.")
    if urlsplit(known.settings.sender_url).scheme.lower() != "https":
        return ok("The token goes to an address of your own, unencrypted: use https where that network isn't yours.")
    return ok("Answers go to an address of your own.")


def callback(known: Known) -> Found:
    settings = known.settings
    if settings.reply is not ReplyTo.CALLBACK:
        return not_needed("Answers go elsewhere.")
    address = settings.callback_url.strip()
    if not address:
        return problem("No address is set: enter in callback_url where answers are posted.")
    if "{{" in address or "{%" in address:
        if settings.callback_hosts:
            return ok("A template names the address, of one of the origins that are listed.")
        return problem(
            "A template names the address, but no origin is listed: list in callback_hosts what it may name."
        )
    try:
        asked, scheme = origin(address), urlsplit(address).scheme.lower()
    except ValueError:
        return problem("callback_url is no address: it has to begin with https://.")
    listed = asked in settings.callback_hosts and scheme in {"https", "http"}
    if scheme != "https" and not listed:
        return problem("callback_url has to begin with https://, unless callback_hosts lists its origin.")
    if permitted(address, origins=settings.callback_hosts, listed=False) is Reach.REFUSED:
        return problem(
            "callback_url can't be called as it stands: write it in plain ASCII, without a user name, without . or .."
            f" as a part of its path, and in at most {LONGEST:,} characters."
        )
    if listed:
        return ok("Answers go to an origin that is listed.")
    return ok("Answers go to a public https address. One inside your network has to be listed in callback_hosts.")


def callback_secret(known: Known) -> Found:
    settings = known.settings
    if settings.reply is not ReplyTo.CALLBACK:
        return not_needed("Nothing is posted to a callback address.")
    if "callback_secret" in settings.problems:
        return problem(
            f"callback_secret has to be whsec_ and the Base64 of {SHORTEST_KEY} to {LONGEST_KEY} random bytes."
        )
    if not settings.callback_secrets:
        return problem("No secret is set, so the receiver can't tell our posts from others': set callback_secret.")
    return ok("What is posted is signed.")


def own(known: Known) -> Found:
    settings = known.settings
    if settings.relay_url and known.hook_id not in settings.relay_url.split("/"):
        return problem("relay_url is not this endpoint's: copy the URL that Dify shows for it, up to its id.")
    later = settings.reply is not ReplyTo.RESPONSE
    if settings.relay_url and not known.own:
        return problem("relay_url goes on behind this endpoint's id, or before it is no /e/: end it with that id.")
    if not known.own:
        lacks = "The plugin does not know its own address, which it calls to answer later: set relay_url."
        return problem(lacks) if later else not_needed(f"{lacks} Answers in the response do without.")
    if known.own_reached is None:
        return ok("The address is known. Whether the plugin reaches it was not tried.")
    if known.own_reached:
        return ok("The plugin reaches its own address.")
    lacks = "The plugin does not reach its own address: set relay_url to one that it reaches from where it runs."
    if later:
        return problem(f"{lacks} Until then apps run in the response, and who hangs up early gets no answer.")
    return not_needed(f"{lacks} Answers in the response do without.")
