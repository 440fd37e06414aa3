"""How a setting's text becomes its value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr

_BETWEEN = re.compile(r"[,\r\n]")
_BETWEEN_NAMES = re.compile(r"[,\s]+")
_ADDRESS = re.compile(r"https?://[^\s/?#@\\]+(?:/[^\s?#\\]*)?", re.IGNORECASE)
_KEY = re.compile(r"(?=.{1,256}\Z)[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750, section 2.1: a Bearer token
_QUOTES = re.compile("[\"'“”„]")  # around a pair, or all of them: they were not meant as a part of a name
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


def address(text: str) -> str:
    """Take an address below which something is.

    Raises ValueError for none, for one with a query or a user in it, and for a port that can't be.
    """
    stripped = text.strip().rstrip("/")
    if not _ADDRESS.fullmatch(stripped) or not urlsplit(stripped).hostname or urlsplit(stripped).port == 0:
        raise ValueError("no address")
    return stripped


def keys_of(text: str) -> dict[str, str]:
    """Read "a=app-x, my duck=app-y" into {"a": "app-x", "my duck": "app-y"}.

    Raises ValueError, without a word of the text: for what is no pair or no key, and for a second key of an app.
    """
    keys: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in _BETWEEN.split(text))):
        named, _, key = (part.strip() for part in item.partition("="))
        if not named or _QUOTES.search(named) or not _KEY.fullmatch(key):
            raise ValueError("each is an app's id or name, = and its key")
        if keys.setdefault(named, key) != key:
            raise ValueError("an app has one key")
    return keys


def several(secret: SecretStr) -> tuple[str, ...]:
    """Give the secrets that a setting holds, all of which are good while one replaces another.

    They are separated by commas or line breaks, and not by blanks: a passphrase is one secret, not its words.
    """
    parts = (part.strip() for part in _BETWEEN.split(secret.get_secret_value()))
    return tuple(part for part in parts if part)
