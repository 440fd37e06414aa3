"""/deliveries and what is below: what was accepted to be answered later, and what became of it."""

from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response

from provider.dify import SessionDify
from provider.host import HOST
from relay.deliveries import respond


class Deliveries(Endpoint):
    def _invoke(self, r: Request, values: Mapping[str, Any], settings: Mapping[str, Any]) -> Response:
        return respond(r, values, settings, dify=SessionDify(self.session), host=HOST)
