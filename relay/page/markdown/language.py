"""A language whose code is coloured, by one expression that takes time in proportion to the code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pygments.token import Comment, Generic, Keyword, Name, Number, String, Text

NAME = r"[^\W\d]\w*+"

KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "comment": Comment,
        "string": String,
        "number": Number,
        "meta": Comment.Preproc,
        "decorator": Name.Decorator,
        "variable": Name.Variable,
        "key": Name.Tag,
        "attribute": Name.Attribute,
        "literal": Keyword.Constant,
        "keyword": Keyword,
        "heading": Generic.Heading,
        "part": Generic.Subheading,
        "inserted": Generic.Inserted,
        "deleted": Generic.Deleted,
    }
)


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language that is coloured."""

    label: str
    names: str  # what may stand behind a fence, in small letters
    patterns: Mapping[str, tuple[str, ...]]  # by the name of KINDS, in the order in which they are tried
    keywords: str = ""
    types: str = ""
    constants: str = ""
    any_case: bool = False
    calls: bool = True  # a name before "(" is a function's
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of a `key`, which is a tag

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return _compiled({**self.patterns, "name": (NAME,)} if self._words or self.calls else self.patterns)

    @cached_property
    def _tag(self) -> re.Pattern[str]:
        return _compiled(self.inside)

    @cached_property
    def _words(self) -> Mapping[str, Any]:
        return {
            **dict.fromkeys(self.types.split(), Keyword.Type),
            **dict.fromkeys(self.constants.split(), Keyword.Constant),
            **dict.fromkeys(self.keywords.split(), Keyword),
        }

    def tokens(self, code: str) -> Iterator[tuple[Any, str]]:
        """Give the code in pieces, each with its kind."""
        position = 0
        for found in self._expression.finditer(code):
            if found.start() > position:
                yield Text, code[position : found.start()]
            position = found.end()
            if found.lastgroup == "key" and self.inside:
                yield from self._inner(found[0])
            else:
                yield self._kind(found, code), found[0]
        yield Text, code[position:]

    def _kind(self, found: re.Match[str], code: str) -> Any:
        if found.lastgroup != "name":
            return KINDS[found.lastgroup or ""]
        word = found[0].lower() if self.any_case else found[0]
        if word in self._words:
            return self._words[word]
        return Name.Function if self.calls and code[found.end() : found.end() + 1] == "(" else Text

    def _inner(self, tag: str) -> Iterator[tuple[Any, str]]:
        position = 0
        for found in self._tag.finditer(tag):
            yield Text, tag[position : found.start()]
            position = found.end()
            yield KINDS[found.lastgroup or ""], found[0]
        yield Text, tag[position:]


def _compiled(patterns: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{'|'.join(some)})" for kind, some in patterns.items()), re.MULTILINE)
