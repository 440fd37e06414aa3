"""The messages of one request, one or a batch of them, each accepted as a delivery of its own."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from werkzeug import Response

from relay.carry import AT_ONCE, Carrier
from relay.errors import DeliveryInProgress
from relay.incoming.received import Received
from relay.later.accept import Acceptance
from relay.later.desk import desk_of
from relay.later.ledger import Ledger
from relay.outgoing.pump import together
from relay.plan import Plan


def accept_all(carrier: Carrier, plans: Sequence[Plan], received: Received) -> Response:
    """Accept the messages of one request, one or a batch. Raises RelayError when one of them can't be.

    Those that were accepted stay so: they are known when the batch comes again.
    """
    desk = desk_of(received.endpoint_id, carrier.host.own, carrier.host.elapsed)
    own_request = bool(received.header("duck-relay"))
    base = None if own_request else carrier.host.own.address(plans[0].hook_id, carrier.settings.relay_url)
    with desk.lent(base) as session:
        carrier = carrier.by(session)
        acceptance = Acceptance(
            carrier=carrier,
            ledger=Ledger(partial(carrier.records_of, received.endpoint_id)),
            desk=desk,
            own_request=own_request,
            above="../" if received.app_id else "",
        )
        return _accept_all(acceptance, plans)


def _accept_all(acceptance: Acceptance, plans: Sequence[Plan]) -> Response:
    if len(plans) == 1:
        return acceptance.accept(plans[0])
    chains: dict[Any, list[Plan]] = {}
    for plan in plans:
        chains.setdefault(plan.conversation, []).append(plan)
    several = list(chains.values())
    responses: list[Response] = []
    busy: list[DeliveryInProgress] = []
    for start in range(0, len(several), AT_ONCE):
        for accepted, error in together(
            partial(_accept_chain, acceptance, chain) for chain in several[start:][:AT_ONCE]
        ):
            responses.extend(accepted)
            busy.extend([error] if error else [])
    if busy:
        raise busy[0]
    return responses[-1]


def _accept_chain(acceptance: Acceptance, chain: Sequence[Plan]) -> tuple[list[Response], DeliveryInProgress | None]:
    """Accept the messages of one conversation, in their order, and give what keeps the rest of them.

    A message may still be being accepted for a sender that has hung up: that is no reason to keep the other
    conversations of a batch that comes again.
    """
    acceptance.carrier.host.mark(acceptance.carrier.line.request_id)
    accepted: list[Response] = []
    try:
        accepted.extend(map(acceptance.accept, chain))
    except DeliveryInProgress as error:
        return accepted, error
    return accepted, None
