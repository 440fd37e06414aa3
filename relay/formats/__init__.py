"""The forms in which an answer goes back."""

from relay.formats.encoder import Encoder
from relay.formats.table import FORMATS, Format, asks_for_page, choose

__all__ = ["FORMATS", "Encoder", "Format", "asks_for_page", "choose"]
