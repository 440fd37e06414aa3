"""How a setting's text becomes its value."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

_BETWEEN = re.compile(r"[,\r\n]")
_BETWEEN_NAMES = re.compile(r"[,\s]+")


def _names(value: Any) -> Any:
    """Read "a, b" into {"a", "b"}; what has no blanks in it may be separated by blanks too."""
    return frozenset(filter(None, _BETWEEN_NAMES.split(value))) if isinstance(value, str) else value


type Names = Annotated[frozenset[str], BeforeValidator(_names)]


def several(secret: SecretStr) -> tuple[str, ...]:
    """Give the secrets that a setting holds, all of which are good while one replaces another.

    They are separated by commas or line breaks, and not by blanks: a passphrase is one secret, not its words.
    """
    parts = (part.strip() for part in _BETWEEN.split(secret.get_secret_value()))
    return tuple(part for part in parts if part)
