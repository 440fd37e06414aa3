"""The routes below an endpoint's URL, said once: group/duck.yaml and the OpenAPI description come from them.

Every other path and method is answered by provider/plugin.py, which sends it to endpoints/nowhere.py.
"""

from collections.abc import Iterator, Mapping, Sequence
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

# what Dify's Service API has for apps, and with which methods. Source: Dify's API reference
SERVICE_API: Mapping[str, str] = {
    "chat-messages": "POST",
    "chat-messages/<task_id>/stop": "POST",
    "completion-messages": "POST",
    "completion-messages/<task_id>/stop": "POST",
    "workflows/run": "POST",
    "workflows/tasks/<task_id>/stop": "POST",
    "files/upload": "POST",
    "parameters": "GET",
    "info": "GET",
    "meta": "GET",
    "site": "GET",
    "conversations": "GET",
    "conversations/<conversation_id>": "DELETE",
    "conversations/<conversation_id>/name": "POST",
    "conversations/<conversation_id>/variables": "GET",
    "conversations/<conversation_id>/variables/<variable_id>": "PUT",
    "messages": "GET",
    "messages/<message_id>/suggested": "GET",
    "messages/<message_id>/feedbacks": "POST",
    "app/feedbacks": "GET",
    "apps/annotations": "GET POST",
    "apps/annotations/<annotation_id>": "PUT DELETE",
    "apps/annotation-reply/<action>": "POST",
    "apps/annotation-reply/<action>/status/<job_id>": "GET",
    "audio-to-text": "POST",
    "text-to-audio": "POST",
    "end-users/<end_user_id>": "GET",
    "files/<file_id>/preview": "GET",
    "form/human_input/<form_token>": "GET POST",
    "workflow/<workflow_run_id>/events": "GET",
    "workflows/<workflow_id>/run": "POST",
    "workflows/logs": "GET",
    "workflows/run/<workflow_run_id>": "GET",
}


def _of_service_api() -> Iterator[Route]:
    for path, methods in SERVICE_API.items():
        yield Route(
            path=f"/{API_ROOTS}/<app_id>/{path}",
            methods=(*methods.split(), "OPTIONS"),
            source="endpoints/service_api.py",
        )


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
        ("/models/<path:model_id>", "GET"),
        shown="/v1/chat/completions",
    ),
    *_of_service_api(),
    Route(path="/openapi.json", methods=("GET", "OPTIONS"), source="endpoints/openapi.py"),
)
