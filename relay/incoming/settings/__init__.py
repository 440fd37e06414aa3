"""An endpoint's settings, as its owner chose them on Dify's page: a module a group, in the order of the form.

A setting is said once, in its group: name, type, default, and how the form shows it. From that come what the relay
reads and, by `make form`, group/duck.yaml. A new group is a module and a base of `Settings`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from relay.incoming.settings.access import Access, AccessSettings
from relay.incoming.settings.app import AppSettings, PickedApp
from relay.incoming.settings.form import Group
from relay.incoming.settings.limits import Limit, LimitSettings
from relay.incoming.settings.mapping import MappingSettings
from relay.incoming.settings.memory import MemoryOf, MemorySettings
from relay.incoming.settings.output import DefaultFormat, OutputSettings
from relay.incoming.settings.reply import ReplySettings, ReplyTo
from relay.incoming.settings.webhooks import HMAC, SENDERS, WebhookSettings

__all__ = [
    "GROUPS",
    "HMAC",
    "SENDERS",
    "Access",
    "DefaultFormat",
    "Limit",
    "MemoryOf",
    "PickedApp",
    "ReplyTo",
    "Settings",
]


_DISTINCT = 64  # settings that are kept as they were read: one endpoint's, mostly


class Settings(
    AccessSettings,
    AppSettings,
    WebhookSettings,
    MappingSettings,
    ReplySettings,
    MemorySettings,
    LimitSettings,
    OutputSettings,
):
    """One endpoint's settings, with the default of each."""

    _problems: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Read what Dify hands over at every request. Raises nothing.

        Null, blank and missing are the default. So is what can't be understood, and `problems` names it.
        """
        try:
            return cls._read(to_json(given))
        except (PydanticSerializationError, ValueError):  # nothing that came as JSON
            return cls._understand(given)

    @classmethod
    @lru_cache(_DISTINCT)  # they are the same at each request until somebody changes them
    def _read(cls, given: bytes) -> Self:
        return cls._understand(from_json(given))

    @classmethod
    def _understand(cls, given: Mapping[str, Any]) -> Self:
        filled = {name: value for name, value in given.items() if not _is_empty(value)}
        try:
            return cls.model_validate(filled)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False, include_input=False)
        problems = tuple(sorted({str(problem["loc"][0]) for problem in errors}))
        settings = cls.model_validate({name: value for name, value in filled.items() if name not in problems})
        settings._problems = problems  # noqa: SLF001 - its own class
        return settings

    @property
    def problems(self) -> tuple[str, ...]:
        """The names of the settings that could not be understood, sorted."""
        return self._problems


GROUPS: tuple[type[Group], ...] = tuple(base for base in Settings.__bases__ if issubclass(base, Group))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
