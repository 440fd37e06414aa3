"""GET parameters, info, meta and site: what Dify tells a plugin of an app, in the shapes of Dify's Service API.

It tells the parameters, and nothing else: neither name nor mode, nor how its page looks.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.outgoing.response import of_json


def parameters(client: Client, _: Mapping[str, Any]) -> Response:
    """Give what Dify tells, as it is. Raises RelayError."""
    app_id = client.app_id("")
    return of_json(client.giving(app_id, client.received.interface).declared())


def info(client: Client, _: Mapping[str, Any]) -> Response:
    """Give the owner's name for the app, its id where it has none. Raises RelayError."""
    return of_json({"name": _name(client), "description": "", "tags": [], "mode": None, "author_name": None})


def meta(client: Client, _: Mapping[str, Any]) -> Response:
    """Give no icons of tools. Raises RelayError."""
    client.app_id("")
    return of_json({"tool_icons": {}})


def site(client: Client, _: Mapping[str, Any]) -> Response:
    """Give what a new app's page has, under the owner's name for the app. Raises RelayError."""
    return of_json(
        {
            "title": _name(client),
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
    )


def _name(client: Client) -> str:
    return client.settings.name_of(client.app_id(""))
