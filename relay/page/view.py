"""What a page needs to know beside the question and the app's events: data, which a plan can hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from relay.page.declared import Asking, Declared
from relay.page.texts import Texts
from relay.page.turns import Turns

ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a page looks, and what its form asks, holds and carries."""

    language: str = ENGLISH  # of relay.page.texts
    title: str = ""  # the owner's, else the app's name; "" for none
    icon: str = ""  # an emoji, "" for none
    accent: str = ""  # #rrggbb, "" for ours
    image_hosts: tuple[str, ...] = ()  # from which pictures are shown: as in the setting
    declared: Declared | None = None  # None: this page asks nothing
    values: Mapping[str, str] = field(default_factory=dict)  # what stands in the inputs, by their names
    turns: Turns = field(default_factory=Turns)
    conversation_id: str = ""  # that goes on
    user: str = ""  # whom the caller named
    token: str = ""  # stands for the cookie in a browser that keeps none
    depth: int = (
        1  # how many folders this page stands below the hook's `/deliveries`: 1 at `/duck/<app_id>`, 0 at `/duck`
    )
    place: str = ""  # of this page, as seen from the deliveries page: where whoever signs out is led back to
    signed_in: bool = False  # by a cookie, so that there is something to sign out of

    def heading(self, texts: Texts) -> str:
        """Give what stands above the page: its title, else what kind of app it is."""
        talks = self.declared is not None and self.declared.asking is Asking.CHAT
        return self.title or (texts.chat if talks else texts.app)

    def dump(self) -> dict[str, Any]:
        """Give it as JSON, for a plan's option `page`."""
        dumped: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return dumped

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "View":
        """Read what `dump` wrote; {} is a page that asks nothing. Raises ValueError for anything else."""
        return _adapter().validate_python(dumped)


@cache
def _adapter() -> TypeAdapter[View]:
    return TypeAdapter(View)
