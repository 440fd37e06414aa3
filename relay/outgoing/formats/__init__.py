"""The forms in which an answer goes back."""

from relay.outgoing.formats.encoder import Encoder
from relay.outgoing.formats.table import FORMATS, Format, asks_for_page, choose

__all__ = ["FORMATS", "Encoder", "Format", "asks_for_page", "choose"]
