"""All that our pages say, in each of their languages."""

from collections.abc import Mapping

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from relay.page.texts import en, ja, pt, zh_hans, zh_hant
from relay.page.texts.wording import Explained, Texts

__all__ = ["ENGLISH", "TEXTS", "Explained", "Texts", "choose", "in_language"]

ENGLISH = "en"
SIMPLIFIED, TRADITIONAL = "zh-Hans", "zh-Hant"
LONGEST_HEADER = 1024  # characters that are looked at

# by the language's tag, as <html lang> has it. Source: BCP 47
TEXTS: Mapping[str, Texts] = {
    ENGLISH: en.TEXTS,
    SIMPLIFIED: zh_hans.TEXTS,
    TRADITIONAL: zh_hant.TEXTS,
    "ja": ja.TEXTS,
    "pt": pt.TEXTS,
}

_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})  # where nothing says otherwise


def choose(accept_language: str) -> str:
    """Give the language of TEXTS that a browser's Accept-Language likes best; English for none. Raises nothing."""
    for tag, quality in parse_accept_header(accept_language[:LONGEST_HEADER], LanguageAccept):
        if quality > 0 and (language := _language(tag)):
            return language
    return ENGLISH


def in_language(language: str) -> Texts:
    """Give the texts of a language; English for one that there is not."""
    return TEXTS.get(language, en.TEXTS)


def _language(tag: str) -> str:
    primary, *rest = tag.lower().replace("_", "-").split("-")
    if primary == "zh":
        return TRADITIONAL if "hans" not in rest and not _TRADITIONAL.isdisjoint(rest) else SIMPLIFIED
    return primary if primary in TEXTS else ""
