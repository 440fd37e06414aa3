"""URLs that an app wrote: which ones may become links."""

import re
from urllib.parse import unquote

LONGEST = 2_000  # characters
WEB = re.compile(r"https?://[^/\s?#@]", re.IGNORECASE)
SAFE = re.compile(r"https?://[^/\s?#@]|mailto:|tel:", re.IGNORECASE)
# what would end a link in one dialect or another
ENDING = re.compile(r"""[\s<>()\[\]|"'`\\*~\x00-\x1f\x7f]""")


def web(url: str) -> bool:
    """Tell whether it leads to a web page, by http or https."""
    return len(url) <= LONGEST and bool(WEB.match(url))


def safe(url: str) -> bool:
    """Tell whether a person may be led there: a web page, an address, a telephone number."""
    return len(url) <= LONGEST and bool(SAFE.match(url))


def closed(url: str) -> str:
    """Give a URL with all that could end it percent-encoded."""
    return ENDING.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), url)


def bare(url: str) -> str:
    """Give an address or a number without its scheme, any other URL as it is."""
    scheme, _, rest = url.partition(":")
    return rest if scheme.lower() in {"mailto", "tel"} else url


def tells(words: str, url: str) -> bool:
    """Tell whether the words of a link are its URL."""
    return words.strip() in {url, bare(url), unquote(url), unquote(bare(url))}
