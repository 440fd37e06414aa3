"""Deliveries as their senders sign and write them, and what is made of them."""

from collections.abc import Mapping, Sequence
from itertools import chain

from tests.relay.senders.samples import (
    discord,
    generic,
    github,
    gitlab,
    line,
    meta,
    microsoft_graph,
    shopify,
    slack,
    standard_webhooks,
    stripe,
    telegram,
)
from tests.relay.senders.samples.sender import Answered, Identified, Read, Sender, Sent

_ALL = (
    standard_webhooks,
    github,
    gitlab,
    slack,
    stripe,
    shopify,
    discord,
    line,
    telegram,
    meta,
    microsoft_graph,
    generic,
)

SENDERS: Mapping[str, Sender] = {name: one for module in _ALL for name, one in module.SENDERS.items()}
READ: Mapping[str, Read] = {name: one for module in _ALL for name, one in module.READ.items()}
# what no person wrote, and so runs no app
IGNORED: Mapping[str, Sent] = {name: one for module in _ALL for name, one in module.IGNORED.items()}
# events that no preset knows
UNREAD: Sequence[Sent] = list(chain.from_iterable(module.UNREAD for module in _ALL))
IDS: Sequence[Identified] = list(chain.from_iterable(module.IDS for module in _ALL))
# questions that come signed, with their answers
ANSWERED: Mapping[str, Answered] = {name: one for module in _ALL for name, one in module.ANSWERED.items()}
# what looks like a question
UNANSWERED: Sequence[Sent] = list(chain.from_iterable(module.UNANSWERED for module in _ALL))
