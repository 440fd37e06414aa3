"""How Dify's form shows a setting; said beside the setting itself, and written to group/duck.yaml by `make form`.

The form is a drawer of 420 px: a label over a field of one line, the help in a tooltip of 200 px. Everything is
always shown, so the order and the group's name before each label are what guides through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

type Kind = Literal["text-input", "secret-input", "select", "app-selector"]  # of those that Dify has, what is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in the languages of Dify's form, by Dify's names for them."""

    en_US: str  # noqa: N815 - Dify's name, as those below
    zh_Hans: str  # noqa: N815
    ja_JP: str  # noqa: N815
    pt_BR: str  # noqa: N815

    @classmethod
    def same(cls, text: str) -> Self:
        """Give what is the same in every language: a name, an example."""
        return cls(en_US=text, zh_Hans=text, ja_JP=text, pt_BR=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A setting's field. Its name, type and default are those of the setting that it annotates."""

    kind: Kind
    label: Text  # without the group's name
    help: Text  # at most 150 characters; docs/settings.md says the rest
    placeholder: Text | None = None  # an example, on one line as the field is
    options: Mapping[str, Text] = field(default_factory=dict)  # of a select, by the value that is stored


class Group(BaseModel):
    """Settings that stand together in the form."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    heading: ClassVar[Text]  # stands before each label
