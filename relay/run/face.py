"""What Dify shows of an app that is reached by its key: from /site, and where that says nothing, from /info."""

from collections.abc import Mapping
from typing import Any

from relay.errors import RelayError
from relay.run.dify import KeyedApp
from relay.texts import url

LONGEST_NAME = 200  # characters
LONGEST_DESCRIPTION = 1_000
LONGEST_ICON = 16  # an emoji may be several joined


def name_in(site: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    """Give an app's name, "" for none."""
    return _text(site, "title", LONGEST_NAME) or _text(info, "name", LONGEST_NAME)


def description_in(told: Mapping[str, Any]) -> str:
    """Give an app's description, "" for none."""
    return _text(told, "description", LONGEST_DESCRIPTION)


def icon_in(site: Mapping[str, Any]) -> dict[str, str]:
    """Give an app's `icon`, an emoji, or its `icon_url`; neither for what only Dify's pages show."""
    for address in (site.get("icon_url"), site.get("icon")):
        if isinstance(address, str) and url.web(address):
            return {"icon_url": url.closed(address)}
    icon = _text(site, "icon", LONGEST_ICON + 1)
    return {"icon": icon} if len(icon) <= LONGEST_ICON and not icon.isascii() else {}


def on_page(keyed: KeyedApp) -> dict[str, str]:
    """Give what a page is headed by: the app's `name` and `icon`, as far as Dify tells them. Raises nothing."""
    try:
        site = keyed.site()
    except RelayError:  # the app's page is switched off, and that is all that Dify says then
        return {}
    shown = {"name": name_in(site, {}), "icon": icon_in(site).get("icon", "")}
    return {field: text for field, text in shown.items() if text}


def _text(told: Mapping[str, Any], field: str, most: int) -> str:
    value = told.get(field)
    return value.strip()[:most] if isinstance(value, str) else ""
