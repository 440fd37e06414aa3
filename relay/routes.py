"""The routes below an endpoint's URL, said once: group/duck.yaml and the OpenAPI description come from them.

Every other path and method is answered by provider/plugin.py, which sends it to endpoints/nowhere.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path, as the SDK's router reads it: werkzeug's rules, of which the most specific one wins.

    HEAD needs no entry: that router gives it to whatever answers GET.
    """

    path: str
    methods: Sequence[str] = ("GET", "POST", "OPTIONS")
    source: str  # of the endpoint's class
    shown: bool = False  # on Dify's page, with what is `listed` of its methods
    listed: Sequence[str] = ("GET", "POST")
    summary: str = ""  # in the OpenAPI description; a route without one is not described

    @property
    def names_app(self) -> bool:
        return "<app_id>" in self.path

    def shows(self, method: str) -> bool:
        """Tell whether Dify's page lists the route with this method."""
        return self.shown and method in self.listed


def _of_apps(name: str, summary: str) -> tuple[Route, Route]:
    source = f"endpoints/{name}.py"
    picked = f"{summary}: the one picked in the endpoint's settings"
    return (
        Route(path=f"/{name}/<app_id>", source=source, shown=True, summary=summary),
        Route(path=f"/{name}", source=source, summary=picked),
    )


API_ROOTS = "duck"  # /duck/<app_id> is the base URL of clients for one app


def _of_openai(*paths: tuple[str, str], shown: str) -> Iterator[Route]:
    """Give OpenAI's paths, each with its methods: at /v1, without it, and both below an app's own address."""
    for root in ("/v1", "", f"/{API_ROOTS}/<app_id>/v1", f"/{API_ROOTS}/<app_id>"):
        for path, methods in paths:
            yield Route(
                path=f"{root}{path}",
                methods=(*methods.split(), "OPTIONS"),
                source="endpoints/openai.py",
                shown=f"{root}{path}" == shown,
                listed=("POST",),
            )


DELIVERIES = "endpoints/deliveries.py"

ROUTES: Sequence[Route] = (
    *_of_apps("duck", "Run an app of any kind"),
    *_of_apps("chat", "Run a chatbot, an agent or a chatflow"),
    *_of_apps("workflow", "Run a workflow"),
    *_of_apps("completion", "Run a text generator"),
    Route(path="/deliveries", methods=("GET", "POST", "OPTIONS"), source=DELIVERIES),
    Route(path="/deliveries/<delivery_id>", methods=("GET", "DELETE", "OPTIONS"), source=DELIVERIES),
    *(
        Route(path=f"/deliveries/<delivery_id>/{action}", methods=("POST", "OPTIONS"), source=DELIVERIES)
        for action in ("redeliver", "cancel", "delete", "run")
    ),
    # GET, so that /chat/<app_id> does not take "completions" for an app
    *_of_openai(
        ("/chat/completions", "GET POST"),
        ("/responses", "POST"),
        ("/responses/<response_id>", "GET DELETE"),
        ("/files", "GET POST"),
        ("/files/<file_id>", "GET DELETE"),
        ("/files/<file_id>/<any(content):part>", "GET"),
        ("/models", "GET"),
        ("/models/<model_id>", "GET"),
        shown="/v1/chat/completions",
    ),
    Route(path="/openapi.json", methods=("GET", "OPTIONS"), source="endpoints/openapi.py"),
)
