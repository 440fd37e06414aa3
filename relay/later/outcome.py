"""How the run of a later delivery ended: what its account says of that, and in which words the person hears of it."""

from collections.abc import Mapping
from typing import Any

from relay import wire
from relay.errors import AppTimeout, Misconfigured, RelayError, ServiceApiUnusable
from relay.incoming.templates import Budget
from relay.later.account import LONGEST_TEXT, REPLY_FAILED, Account, shortened
from relay.later.ledger import size
from relay.outgoing.shape import shape
from relay.plan import Destination
from relay.run.transcript import Transcript
from relay.texts.links import links

SORRY = "Sorry, that did not work: the app could not answer."
TOO_LONG = "Sorry, the app took longer than it may."
STOPPED = "Sorry, the answer was interrupted."
UNWANTED = "The answer was cancelled."
CUT = "The answer is too large for a chat: only its beginning was told."
TOO_LARGE = "The answer is too large to be kept: it was told, and only its beginning stands here."


def answered(
    account: Account,
    told: Transcript,
    *,
    template: str,
    context: Mapping[str, Any] | None,
    budget: Budget,
    now: float,
) -> str:
    """Note what the app has answered, and give what a callback says of it.

    Raises AnswerUnshaped when the owner's `template` asks for what the answer does not have.
    """
    callback = ""
    if account.destination is Destination.SENDER:
        if (sayable := shortened(account.text)) != account.text:
            account.text = f"{sayable}…"
            account.note(CUT)
        if beside_it := links(told.extras()):
            account.text = f"{account.text}\n\n{beside_it}"
    else:
        account.answer = dict(shape(told, template=template, context=context, budget=budget))
        callback = written(account)
        if size(account.answer) > LONGEST_TEXT:
            account.answer = None
            account.note(TOO_LARGE)
    account.whole = True
    account.step(now, "answer", f"{len(account.text)} characters")
    return callback


def failed(account: Account, error: RelayError, *, now: float) -> None:
    """Note why there is no answer, or why the one that there is can't be told."""
    if account.whole:
        account.code = account.code or REPLY_FAILED
        account.error = account.error or error.message
        return
    # whoever reads the delivery holds the key, and may know which setting it is
    shown = type(error)(error.reason, told=True) if isinstance(error, Misconfigured | ServiceApiUnusable) else error
    words = TOO_LONG if isinstance(error, AppTimeout) else SORRY
    conclude(account, error.code, words, error=shown.message, now=now)
    account.status = int(error.status)


def conclude(account: Account, code: str, words: str, *, now: float, error: str = "") -> None:
    """End a delivery without an answer of the app's: the person is told so, behind what it has said."""
    account.code, account.error = code, error or words
    told = f"{words} ({account.id})"
    account.text = f"{account.text}\n\n{told}" if account.text else told
    account.whole, account.answer = True, None
    account.step(now, "failed", code)


def written(account: Account) -> str:
    """Give what a callback says: the answer, or as in a stream why there is none."""
    error = {"event": "error", "code": account.code, "message": account.error, "status": account.status or 500}
    return wire.dump({"delivery_id": account.id, **(account.answer or error)})
