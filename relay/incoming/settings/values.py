"""How a setting's text becomes its value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

_BETWEEN = re.compile(r"[,\r\n]")
_BETWEEN_NAMES = re.compile(r"[,\s]+")
_APP_ID = re.compile(r"[^\s;:=＝；：]+")  # what else stands there was meant to separate


def _names(value: Any) -> Any:
    """Read "a, b" into {"a", "b"}; what has no blanks in it may be separated by blanks too."""
    return frozenset(filter(None, _BETWEEN_NAMES.split(value))) if isinstance(value, str) else value


type Names = Annotated[frozenset[str], BeforeValidator(_names)]


def _named(value: Any) -> Any:
    """Read "a, my duck=b" into {"a": "a", "my duck": "b"}; ids alone may be separated by blanks, too.

    Raises ValueError for a name without an id or with two, and for what can't be an id.
    """
    if not isinstance(value, str):
        return value
    named: dict[str, str] = {}
    for item in _BETWEEN.split(value):
        parts = [part.strip() for part in item.split("=")]
        pairs = [(one, one) for one in item.split()] if len(parts) == 1 else [(parts[0], parts[-1])]
        for name, id_ in pairs:
            if len(parts) > 2 or not name or not _APP_ID.fullmatch(id_):
                raise ValueError("each is an id, or a name, = and an id")
            if named.setdefault(name, id_) != id_:
                raise ValueError("a name stands for one app")
    return named


type Named = Annotated[Mapping[str, str], BeforeValidator(_named)]


def several(secret: SecretStr) -> tuple[str, ...]:
    """Give the secrets that a setting holds, all of which are good while one replaces another.

    They are separated by commas or line breaks, and not by blanks: a passphrase is one secret, not its words.
    """
    parts = (part.strip() for part in _BETWEEN.split(secret.get_secret_value()))
    return tuple(part for part in parts if part)
