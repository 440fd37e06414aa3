"""/duck/<app_id>/…: Dify's own Service API for one app, for its clients as they are."""

from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response

from provider.dify import SessionDify
from provider.host import HOST
from relay.service_api import respond


class ServiceApi(Endpoint):
    def _invoke(self, r: Request, values: Mapping[str, Any], settings: Mapping[str, Any]) -> Response:
        return respond(r, values, settings, dify=SessionDify(self.session), host=HOST)
