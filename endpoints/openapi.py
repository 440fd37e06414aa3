"""/openapi.json: the routes, described for code generators, API clients and Dify's own custom tools."""

from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response

from provider.host import HOST
from relay.openapi import respond


class OpenApi(Endpoint):
    def _invoke(
        self,
        r: Request,
        values: Mapping[str, Any],  # noqa: ARG002 - the path has no variable
        settings: Mapping[str, Any],
    ) -> Response:
        return respond(r, settings, host=HOST)
