"""What a payload may write where an id is to stand."""

from collections.abc import Sequence
from typing import Any

HOSTILE: Sequence[Any] = [
    "",
    ".",
    "..",
    "../11",
    "1/2",
    "1\\2",
    "%2e%2e",
    "%2f",
    "1?x=1",
    "1#x",
    "1@evil.example",
    "//evil.example",
    "https://evil.example/1",
    "1\r\nX-Evil: 1",
    "1\n",
    "1\x00",
    " 1",
    "１",
    "1" * 5000,
    None,
    True,
    1.5,
    [1],
    {"id": 1},
]
