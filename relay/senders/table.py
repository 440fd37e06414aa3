"""The senders, in the order of the settings form. A new one is a file beside this one, and a line here."""

from collections.abc import Mapping

from relay.senders import (
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
from relay.senders.proof import Token
from relay.senders.scheme import Scheme

_ROWS = (
    standard_webhooks.SCHEME,
    github.SCHEME,
    gitlab.SCHEME,
    slack.SCHEME,
    stripe.SCHEME,
    shopify.SCHEME,
    discord.SCHEME,
    line.SCHEME,
    telegram.SCHEME,
    meta.SCHEME,
    microsoft_graph.SCHEME,
)

SCHEMES: Mapping[str, Scheme] = {row.name: row for row in _ROWS}
# what a sender proves itself with, in lower case: nobody else is to see it
SECRET_HEADERS = frozenset(proof.header for row in _ROWS for proof in row.proofs if isinstance(proof, Token))
# what the settings form offers: these, and the one that is made of its own settings (`generic.hmac`)
LABELS: Mapping[str, str] = {**{row.name: row.label for row in _ROWS}, generic.NAME: generic.LABEL}
