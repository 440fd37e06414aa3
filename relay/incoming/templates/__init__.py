"""Templates that an endpoint's owner writes: what they may do, what it costs, and what comes of them."""

from relay.incoming.templates.budget import LARGEST_BODY, Budget
from relay.incoming.templates.template import ObjectTemplate, TextTemplate, Unfilled

__all__ = ["LARGEST_BODY", "Budget", "ObjectTemplate", "TextTemplate", "Unfilled"]
