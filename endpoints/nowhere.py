"""Every path and method that no other endpoint has."""

from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response

from provider.host import HOST
from relay import answer, openai


class Nowhere(Endpoint):
    def _invoke(
        self,
        r: Request,
        values: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> Response:
        refuse = openai.refuse if openai.speaks(r.path) else answer.refuse
        return refuse(r, settings, methods=values.get("methods", ()), host=HOST)
