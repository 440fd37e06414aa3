"""Check my settings: what an endpoint's owner has to change, found before a message gets lost.

Nothing here asks anybody: what the sender's API said of its token, and whether the plugin reaches itself, is told.
No sentence holds a setting's value but the names of senders, so that none can hold a secret.
"""

from collections.abc import Callable, Sequence

from relay.incoming.settings import Settings
from relay.later.check import answers, calls
from relay.later.check.found import ANSWERED, Check, Found, Known, Status

__all__ = ["ANSWERED", "LOOKS", "Check", "Status", "checks"]

LOOKS: Sequence[tuple[str, Callable[[Known], Found]]] = (
    ("Settings", calls.form),
    ("API key", calls.key),
    ("Default app", calls.app),
    ("Webhook signature", calls.signature),
    ("Last refused signature", calls.refused),
    ("Templates", calls.templates),
    ("Answer goes to", answers.reply),
    ("Bot token", answers.token),
    ("Bot's name", answers.name),
    ("Sender's address", answers.sender_url),
    ("Callback address", answers.callback),
    ("Callback secret", answers.callback_secret),
    ("This endpoint's URL", answers.own),
    ("Limits", calls.limits),
)


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
    known = Known(settings, own=own, own_reached=own_reached, hook_id=hook_id, token=token, refused=refused)
    found = ((name, *look(known)) for name, look in LOOKS)
    return [Check(name=name, status=status, sentence=sentence) for name, status, sentence in found]
