"""What Dify's Service API refuses a request with, and the envelope around it.

Source: langgenius/dify, api/controllers/service_api/app/error.py and wraps.py, api/libs/external_api.py.
"""

from starlette.responses import Response

from workspace.apps.app import Refused


def not_found(message: str) -> Refused:
    return Refused(404, "not_found", message)


def conversation_unknown() -> Refused:
    return not_found("Conversation Not Exists.")


def message_unknown() -> Refused:
    return not_found("Message Not Exists.")


def unauthorized(message: str = "Access token is invalid") -> Refused:
    return Refused(401, "unauthorized", message)


def disabled() -> Refused:
    return Refused(403, "forbidden", "The app's API service has been disabled.")


def not_chat_app() -> Refused:
    return Refused(400, "not_chat_app", "Please check if your Chat app mode matches the right API route.")


def not_workflow_app() -> Refused:
    return Refused(400, "not_workflow_app", "Please check if your Workflow app mode matches the right API route.")


def app_unavailable() -> Refused:
    return Refused(400, "app_unavailable", "App unavailable, please check your app configurations.")


def not_json() -> Refused:
    return Refused(
        415,
        "unsupported_media_type",
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    )


def bad_request() -> Refused:
    return Refused(400, "bad_request", "The browser (or proxy) sent a request that this server could not understand.")


def envelope(refusal: Refused) -> Response:
    """Give `{"code", "message", "status"}` with its status."""
    headers = {"WWW-Authenticate": 'Bearer realm="api"'} if refusal.status == 401 else {}
    return Response(refusal.body, refusal.status, headers, media_type="application/json")
