"""/chat and /chat/<app_id>: chatbot, agent and chatflow apps."""

from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response

from provider.dify import SessionDify
from provider.host import HOST
from relay.answer import respond
from relay.call import Interface


class Chat(Endpoint):
    def _invoke(self, r: Request, values: Mapping[str, Any], settings: Mapping[str, Any]) -> Response:
        return respond(
            r,
            values,
            settings,
            interface=Interface.CHAT,
            dify=SessionDify(self.session),
            host=HOST,
        )
