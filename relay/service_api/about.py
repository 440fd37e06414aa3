"""GET parameters, info, meta and site: what Dify tells of an app, in the shapes of Dify's Service API.

Of an app that is reached by reverse invocation it tells the parameters, and nothing else: neither name nor mode, nor
how its page looks. Of one that is reached by its key it tells all; a stranger gets what the app's own page shows.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay import wire
from relay.client import Client
from relay.outgoing.response import of_json
from relay.texts import url

LONGEST = 5_000  # characters of one text
MOST_TAGS = 100
MOST_ICONS = 256 * 1024  # bytes of the icons of an app's tools

# what a new app's page has; a flag's value is a flag, every other a text, or nothing where Dify says so
SITE: Mapping[str, Any] = {
    "title": "",
    "chat_color_theme": None,
    "chat_color_theme_inverted": False,
    "icon_type": "emoji",
    "icon": "🤖",
    "icon_background": "#FFEAD5",
    "icon_url": None,
    "description": "",
    "copyright": None,
    "privacy_policy": None,
    "input_placeholder": None,
    "custom_disclaimer": "",
    "default_language": "en-US",
    "show_workflow_steps": True,
    "use_icon_as_answer_icon": False,
}


def parameters(client: Client, _: Mapping[str, Any]) -> Response:
    """Give what Dify tells, as it is. Raises RelayError."""
    app_id = client.app_id("")
    return of_json(client.giving(app_id, client.received.interface).declared())


def info(client: Client, _: Mapping[str, Any]) -> Response:
    """Give Dify's name and mode of the app, and to a holder of the key all that Dify tells beside them.

    Of an app that is not reached by its key the owner's name alone, its id where it has none. Raises RelayError.
    """
    app_id = client.app_id("")
    told: dict[str, Any] = {"name": "", "description": "", "tags": [], "mode": None, "author_name": None}
    if keyed := client.dify.keyed(app_id):
        said = keyed.info()
        told |= {"name": _text(said.get("name")) or "", "mode": _text(said.get("mode"))}
        if client.keyed(app_id):
            told |= {
                "description": _text(said.get("description")) or "",
                "tags": _tags(said.get("tags")),
                "author_name": _text(said.get("author_name")),
            }
    return of_json({**told, "name": told["name"] or client.settings.name_of(app_id)})


def meta(client: Client, _: Mapping[str, Any]) -> Response:
    """Give the icons of the app's tools to a holder of the key, none to others. Raises RelayError."""
    keyed = client.keyed(client.app_id(""))
    said = keyed.ask("GET", "/meta") if keyed else None
    icons = said.get("tool_icons") if isinstance(said, Mapping) else None
    told = {"tool_icons": icons if isinstance(icons, dict) else {}}
    if wire.depth(told) > wire.DEEPEST or len(wire.dump(told)) > MOST_ICONS:
        told = {"tool_icons": {}}
    return of_json(told)


def site(client: Client, _: Mapping[str, Any]) -> Response:
    """Give how the app's page looks; what Dify doesn't tell is as on a new app's. Raises RelayError."""
    app_id = client.app_id("")
    keyed = client.dify.keyed(app_id)
    said = keyed.site() if keyed else {}
    told = {name: _shown(said.get(name, usual), usual) for name, usual in SITE.items()}
    if not url.web(told["icon_url"] or ""):
        told["icon_url"] = None
    return of_json({**told, "title": told["title"] or client.settings.name_of(app_id)})


def _shown(value: Any, usual: Any) -> Any:
    if isinstance(usual, bool):
        return value if isinstance(value, bool) else usual
    return _text(value) if isinstance(value, str | None) else usual


def _text(value: Any) -> str | None:
    return value[:LONGEST] if isinstance(value, str) else None


def _tags(value: Any) -> list[str]:
    return [tag[:LONGEST] for tag in value[:MOST_TAGS] if isinstance(tag, str)] if isinstance(value, list) else []
