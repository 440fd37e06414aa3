"""What Dify keeps and the relay can't have or doesn't pass on: empty lists, and 404 with a sentence for one thing."""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.client import Answer, Client
from relay.errors import NotFound
from relay.outgoing.response import of_json

NO_LIST: Mapping[str, Any] = {"data": [], "has_more": False, "limit": 20}
NO_QUESTIONS: Mapping[str, Any] = {"result": "success", "data": []}

# for whom, and of which apps, `kept` has it: true wherever it is said, whatever this endpoint's settings are
BY_KEY = (
    "only to holders of the endpoint's key, and only of apps whose own keys the endpoint's owner has entered as"
    " app_keys"
)
CONVERSATIONS = (
    f"Conversations are told and changed here {BY_KEY}: otherwise keep the conversation_id of an answer to go on"
    " there, and use Dify's own Service API for the rest."
)
FEEDBACK = f"Feedback is open here {BY_KEY}: otherwise send it to Dify's own Service API, with the same message id."
RUNS = (
    f"A run's detail is told here {BY_KEY}: otherwise it is in the events of the run itself, and in Dify's console."
)
EVENTS = "A run's events are not told a second time here: use Dify's own Service API."
ANNOTATIONS = "Annotations are for all users of an app, so use Dify's own Service API for them, or its console."
AUDIO = "An app's voice is not to be had here: use Dify's own Service API, or send the recording as a file."
FILES = "No file is given back here: keep the file, or take the URL that an answer holds."
PAUSED = "No run that waits for a person goes on here: use the form's own page, or Dify's Service API."
VERSIONS = "Here the published version alone runs: post to workflows/run."
USERS = "Nothing is told of end users here: use Dify's own Service API."


def _empty(told: Mapping[str, Any]) -> Answer:
    def answer(client: Client, _: Mapping[str, Any]) -> Response:
        client.app_id("")
        return of_json(told)

    return answer


def _missing(why: str) -> Answer:
    def answer(client: Client, _: Mapping[str, Any]) -> Response:
        client.app_id("")
        raise NotFound(why)

    return answer


# path as in relay.routes -> method -> who answers
RESOURCES: Mapping[str, Mapping[str, Answer]] = {
    "conversations": {"GET": _empty(NO_LIST)},
    "conversations/<conversation_id>": {"DELETE": _missing(CONVERSATIONS)},
    "conversations/<conversation_id>/name": {"POST": _missing(CONVERSATIONS)},
    "conversations/<conversation_id>/variables": {"GET": _empty(NO_LIST)},
    "conversations/<conversation_id>/variables/<variable_id>": {"PUT": _missing(CONVERSATIONS)},
    "messages": {"GET": _empty(NO_LIST)},
    "messages/<message_id>/suggested": {"GET": _empty(NO_QUESTIONS)},
    "messages/<message_id>/feedbacks": {"POST": _missing(FEEDBACK)},
    "app/feedbacks": {"GET": _empty(NO_LIST)},
    "apps/annotations": {"GET": _empty(NO_LIST), "POST": _missing(ANNOTATIONS)},
    "apps/annotations/<annotation_id>": {"PUT": _missing(ANNOTATIONS), "DELETE": _missing(ANNOTATIONS)},
    "apps/annotation-reply/<action>": {"POST": _missing(ANNOTATIONS)},
    "apps/annotation-reply/<action>/status/<job_id>": {"GET": _missing(ANNOTATIONS)},
    "audio-to-text": {"POST": _missing(AUDIO)},
    "text-to-audio": {"POST": _missing(AUDIO)},
    "end-users/<end_user_id>": {"GET": _missing(USERS)},
    "files/<file_id>/preview": {"GET": _missing(FILES)},
    "form/human_input/<form_token>": {"GET": _missing(PAUSED), "POST": _missing(PAUSED)},
    "workflow/<workflow_run_id>/events": {"GET": _missing(EVENTS)},
    "workflows/<workflow_id>/run": {"POST": _missing(VERSIONS)},
    "workflows/logs": {"GET": _empty(NO_LIST)},
    "workflows/run/<workflow_run_id>": {"GET": _missing(RUNS)},
}
