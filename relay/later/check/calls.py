"""Whether calls and deliveries get in, reach an app, and can be read."""

from collections.abc import Callable, Mapping

from relay.errors import AppUnavailable, RelayError
from relay.incoming import access
from relay.incoming.settings import Access, ReplyTo
from relay.incoming.templates import ObjectTemplate, TextTemplate
from relay.later.check.found import Found, Known, ended, not_needed, ok, problem
from relay.senders.proof import MOST_SECRETS

SHORTEST_KEY = 16  # characters: nothing but its length holds off who guesses

TEMPLATES: Mapping[str, Callable[[str, str], object]] = {
    "run_if": TextTemplate,
    "query_template": TextTemplate,
    "inputs_template": ObjectTemplate,
    "user_template": TextTemplate,
    "answer_template": ObjectTemplate,
    "callback_url": TextTemplate,
}


def form(known: Known) -> Found:
    if problems := known.settings.problems:
        return problem(f"These can't be understood, so every call is refused: {', '.join(problems)}. Correct them.")
    return ok("Every field can be understood.")


def key(known: Known) -> Found:
    keys = known.settings.api_keys
    if not keys:
        return problem("No key is set: set api_key, a long random text. Without one nobody sees the deliveries.")
    if short := [str(number) for number, key in enumerate(keys, start=1) if len(key) < SHORTEST_KEY]:
        which = "The key has" if len(keys) == 1 else f"Of the keys, number {', '.join(short)} has"
        return problem(f"{which} fewer than {SHORTEST_KEY} characters and can be guessed: take a longer random text.")
    return ok("A key is set." if len(keys) == 1 else f"{len(keys)} keys are set, and each of them opens.")


def app(known: Known) -> Found:
    settings = known.settings
    if settings.app:
        return ok("A default app is picked.")
    if settings.access is Access.KEY:
        return ok("No default app is picked, so each address has to name its app: …/chat/<app_id>.")
    if settings.allowed_apps:
        return ok("Allowed apps are listed, and each address has to name one of them: …/chat/<app_id>.")
    return problem("No app may run: pick a default app, because without the key only apps that are named here run.")


def signature(known: Known) -> Found:
    settings = known.settings
    if settings.access is Access.PUBLIC and settings.webhook_secrets:
        return problem(
            "webhook_secret is set, but everyone may call, so that no signature is checked and every call is refused:"
            " set who may call to who signs its requests, or empty the secret."
        )
    if settings.access is not Access.SIGNATURE:
        return not_needed("Signatures are checked only where who may call is who signs its requests.")
    if settings.webhook is None:
        return problem("Signatures are to be checked, but no sender is chosen: choose one in webhook.")
    try:
        access.choose_scheme(settings)
    except RelayError as error:
        return problem(f"The signature can't be checked: {error.reason or error.message}.")
    secrets = len(settings.webhook_secrets)
    if not secrets:
        return problem("No secret is set, so every delivery is refused: enter in webhook_secret what the sender has.")
    if secrets > MOST_SECRETS:
        return problem(f"webhook_secret holds more than {MOST_SECRETS} secrets: take out those of the past.")
    if settings.webhook == "meta" and not settings.verify_tokens:
        return problem("Meta can't check the address: set verify_token, and enter the same beside the address there.")
    return ok("The signature of each delivery is checked.")


def refused(known: Known) -> Found:
    if known.settings.access is not Access.SIGNATURE:
        return not_needed("No signatures are checked.")
    if known.refused is None:
        return ok("No delivery was refused for its signature lately.")
    return problem(
        f"A delivery was refused: {ended(known.refused)} If it was the sender's own, compare webhook and"
        " webhook_secret with what stands on the sender's page."
    )


def templates(known: Known) -> Found:
    settings = known.settings
    wrong = []
    for name, kind in TEMPLATES.items():
        try:
            if source := getattr(settings, name):
                kind(name, source)
        except AppUnavailable:
            wrong.append(name)
    if wrong:
        return problem(f"No valid template: {', '.join(wrong)}. The plugin's log says where, at the next call.")
    if settings.run_if.strip() and "{" not in settings.run_if:
        return problem("run_if says the same of every delivery: what it is to look at has to stand in {{ … }}.")
    if not any(getattr(settings, name) for name in TEMPLATES):
        return not_needed("No templates are set: the sender's own fields are taken as they are.")
    return ok("All templates can be read. Try them on a real payload: what one lacks shows only there.")


def limits(known: Known) -> Found:
    settings = known.settings
    if settings.limit_user or settings.limit_endpoint:
        return ok("What runs here is limited.")
    if settings.access is Access.PUBLIC:
        return problem("Everyone may run apps at your cost as often as they like: set limit_user or limit_endpoint.")
    if settings.reply is ReplyTo.SENDER:
        return ok("Nothing limits what a bot's users cost: limit_user and limit_endpoint do.")
    return not_needed("Who calls is known.")
