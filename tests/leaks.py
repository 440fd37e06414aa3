"""What no answer may tell a caller: where this installation lies, how its code broke, and its secrets.

Looked for is what only this server can have said. A caller may send `.py`, `Traceback` or `site-packages`, and an
answer may echo it.
"""

import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx

_ROOT = Path(__file__).parent.parent
_INSTALLED = (_ROOT, Path(sys.prefix), *(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")))
PATHS = sorted({f"{place}/" for path in _INSTALLED for place in (path, path.resolve())})

_QUOTE = r'(?:\\*"|&#34;|&quot;)'  # as itself, inside JSON, inside HTML
TRACEBACK = re.compile(rf"Traceback \(most recent call last\):|File {_QUOTE}[^\"&\n]+{_QUOTE}, line \d+")


def leaks(answer: httpx.Response | str | bytes, *secrets: str) -> list[str]:
    """Find what an answer, its headers included, tells of the server, or of the secrets in use."""
    text = "\n".join(_texts(answer))
    return [*(told for told in (*PATHS, *secrets) if told in text), *TRACEBACK.findall(text)]


def nothing_leaks(answer: httpx.Response | str | bytes, *secrets: str) -> None:
    """Fail when an answer tells of the server, or of the secrets in use."""
    assert leaks(answer, *secrets) == []


def _texts(answer: httpx.Response | str | bytes) -> Iterator[str]:
    if isinstance(answer, httpx.Response):
        yield from answer.headers.values()
        yield answer.text
    else:
        yield answer if isinstance(answer, str) else answer.decode("utf-8", "replace")
