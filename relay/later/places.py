"""Where an answer goes, as the settings say at the moment of its run: they may have changed since it was accepted."""

from collections.abc import Mapping
from typing import Any

from relay.errors import AppNotAllowed, Misconfigured
from relay.host import Host
from relay.incoming import access
from relay.incoming.settings import Settings
from relay.later.account import Account
from relay.later.calling import Calling
from relay.later.telling import Place, Way
from relay.outgoing.pump import rest
from relay.plan import Destination, Plan
from relay.replies import callback
from relay.replies.callback import Reach
from relay.replies.channel import Target
from relay.replies.saying import Saying
from relay.replies.table import CHANNELS


def check(plan: Plan, settings: Settings) -> None:
    """Make sure that the plan may still be carried out. Raises RelayError."""
    if settings.problems:
        raise Misconfigured(f"check {', '.join(settings.problems)}")
    if plan.caller.value != settings.access.value:
        raise AppNotAllowed("Who may call this endpoint has changed since the delivery was accepted.")
    if plan.sender and plan.sender != settings.webhook:
        raise AppNotAllowed("The sender of this endpoint has changed since the delivery was accepted.")
    access.choose_app(plan.call.app_id, settings)


def way(plan: Plan, settings: Settings, host: Host, account: Account, handle: Mapping[str, Any]) -> Way | None:
    """Give the way to where the answer goes; None where it is only kept. Raises RelayError."""
    if plan.destination is Destination.SENDER:
        return _to_sender(plan, settings, host, account, handle)
    if plan.destination is Destination.CALLBACK:
        return _to_callback(plan, settings, account)
    return None


def _to_sender(plan: Plan, settings: Settings, host: Host, account: Account, handle: Mapping[str, Any]) -> Way:
    sender, to = plan.sender or "", plan.to or {}
    target = Target(
        to=to,
        handle=handle,
        token=settings.bot_token.get_secret_value().strip(),
        bot_id=settings.bot_id,
        delivery_id=account.id,
        received=account.created,
    )
    channel = CHANNELS[sender](to)
    now = host.elapsed()
    saying = (
        Saying.load(channel, target, account.telling, now=now, retry=True, rest=rest)
        if account.telling is not None
        else Saying(channel, target, now=now, rest=rest)
    )
    base = host.base(sender, channel.base, settings.sender_url if channel.own_base else None)
    return Way(telling=saying, place=Place(sender=sender, base=base))


def _to_callback(plan: Plan, settings: Settings, account: Account) -> Way:
    reach = callback.permitted(plan.callback, origins=settings.callback_hosts, listed=plan.listed)
    if reach is Reach.REFUSED:
        raise Misconfigured(callback.UNFIT)
    told = account.telling or {}
    calling = Calling(
        plan.callback,
        secrets=settings.callback_secrets,
        delivery_id=account.id,
        tries=int(told.get("tries", 0)),
    )
    return Way(telling=calling, place=Place(sender="callback", public=reach is Reach.PUBLIC))
