"""How a setting's text becomes its value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

_BETWEEN = re.compile(r"[,\r\n]")
_BETWEEN_NAMES = re.compile(r"[,\s]+")
_IS = re.compile(r"\s*=\s*")


def _names(value: Any) -> Any:
    """Read "a, b" into {"a", "b"}; what has no blanks in it may be separated by blanks too."""
    return frozenset(filter(None, _BETWEEN_NAMES.split(value))) if isinstance(value, str) else value


type Names = Annotated[frozenset[str], BeforeValidator(_names)]


def _named(value: Any) -> Any:
    """Read "a, duck=b" into {"a": "a", "duck": "b"}; raises ValueError for a name without an id or with two."""
    if not isinstance(value, str):
        return value
    named: dict[str, str] = {}
    for one in filter(None, _BETWEEN_NAMES.split(_IS.sub("=", value.strip()))):
        name, separator, id_ = one.partition("=")
        if not name or (separator and not id_) or "=" in id_:
            raise ValueError("each is an id, or a name, = and an id")
        if named.setdefault(name, id_ or name) != (id_ or name):
            raise ValueError("a name stands for one app")
    return named


type Named = Annotated[Mapping[str, str], BeforeValidator(_named)]


def several(secret: SecretStr) -> tuple[str, ...]:
    """Give the secrets that a setting holds, all of which are good while one replaces another.

    They are separated by commas or line breaks, and not by blanks: a passphrase is one secret, not its words.
    """
    parts = (part.strip() for part in _BETWEEN.split(secret.get_secret_value()))
    return tuple(part for part in parts if part)
