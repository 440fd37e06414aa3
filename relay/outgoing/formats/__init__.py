"""The forms in which an answer goes back."""

from relay.outgoing.formats.encoder import Encoder, Gatherer, Named, Telling
from relay.outgoing.formats.table import FORMATS, FORMS, Format, asks_for_page, choose

__all__ = ["FORMATS", "FORMS", "Encoder", "Format", "Gatherer", "Named", "Telling", "asks_for_page", "choose"]
