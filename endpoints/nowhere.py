"""Every path and method that is no route: told in the same envelope as all errors."""

import json
from collections.abc import Mapping
from typing import Any

from dify_plugin import Endpoint
from werkzeug import Request, Response


class Nowhere(Endpoint):
    def _invoke(
        self,
        r: Request,  # noqa: ARG002 - whatever was asked
        values: Mapping[str, Any],  # noqa: ARG002 - as above
        settings: Mapping[str, Any],  # noqa: ARG002 - as above
    ) -> Response:
        error = {"code": "not_found", "message": "There is no such route.", "status": 404}
        return Response(json.dumps(error), status=404, content_type="application/json")
