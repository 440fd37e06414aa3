"""GitLab's REST API: notes of issues and merge requests.

Source: GitLab docs, "Notes API", "Discussions API", "REST API authentication", "REST API troubleshooting";
gitlab-org/gitlab, doc/api/openapi.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from re import Match
from typing import Any, ClassVar
from urllib.parse import unquote

from pydantic import ValidationError

from workspace.senders.chat import Message
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields

LIMIT = 1_000_000  # characters
USERNAME = "quack_bot"
PROJECT, PROJECT_ID = "duck/pond", "70"
SIGNS = {"issues": "#", "merge_requests": "!"}


class Note(Body):
    body: str
    internal: bool | None = None
    created_at: str | None = None


class Edited(Body):
    body: str


@dataclass
class GitLab(StandIn):
    """GitLab. A place is `<project>#<iid>` of an issue, `<project>!<iid>` of a merge request, as in a text there."""

    name: ClassVar[str] = "gitlab"
    token: ClassVar[str] = "glpat-quack"
    expired: ClassVar[str] = "glpat-expired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((300, 60.0),)

    _sent: int = 8_000_000

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        of = r"(?:/api/v4)?/projects/([^/]+)/(issues|merge_requests)/(\d+)"
        return (
            ("GET", r"(?:/api/v4)?/user", self.user),
            ("GET", rf"{of}/notes", self.list),
            ("POST", rf"{of}/notes", self.create),
            ("POST", rf"{of}/discussions/(\w+)/notes", self.create),
            ("GET", rf"{of}/notes/(\d+)", self.get),
            ("PUT", rf"{of}/notes/(\d+)", self.update),
            ("PUT", rf"{of}/discussions/\w+/notes/(\d+)", self.update),
            ("DELETE", rf"{of}/notes/(\d+)", self.delete),
            ("POST", rf"{of}/(?:notes/\d+/)?award_emoji", self.award),
        )

    def missing(self, received: Received) -> Answer:
        self._authorized(received)
        return Answer({"error": "404 Not Found"}, 404)

    def throttled(self, seconds: float) -> Answer:
        told = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
        return Answer(told, 429, {"Retry-After": f"{seconds:.0f}"})

    def malformed(self, error: ValidationError) -> Answer:
        wrong = missing_fields(error)
        told = ", ".join(f"{place} is {'missing' if kind == 'missing' else 'invalid'}" for place, kind in wrong)
        return Answer({"error": told}, 400)

    def user(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer({"id": 7, "username": USERNAME, "name": "Duck", "state": "active"})

    def list(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        place = self._place(found)
        return Answer([self._shown(message) for message in self.chat.messages if message.place == place])

    def create(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        place = self._place(found)
        text = self._text(received, Note)
        self.paced("")
        self._sent += 1
        thread = found[4] if found.re.groups > 3 else ""
        message = Message(id=str(self._sent), place=place, thread=thread, text=text, dialect="gfm", at=self.clock())
        return Answer(self._shown(self.chat.add(message)), 201)

    def get(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        return Answer(self._shown(self._find(found)))

    def update(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        message = self._find(found)
        text = self._text(received, Edited)
        if message.by != "bot":
            return refusal("403 Forbidden", 403)
        return Answer(self._shown(self.chat.edit(message, text, "gfm", now=self.clock())))

    def delete(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        self.chat.remove(self._find(found))
        return Answer(None, 204)

    def award(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        name = {**received.parameters, **(self._content(received) if received.body else {})}.get("name")
        return Answer({"id": 1, "name": name}, 201) if name else Answer({"error": "name is missing"}, 400)

    def _authorized(self, received: Received) -> None:
        token = received.headers.get("private-token") or received.bearer
        if token == self.token:
            return
        if token == self.expired:
            told = {
                "error": "invalid_token",
                "error_description": "Token is expired. You can either do re-authorization",
            }
            raise Refused(Answer(told, 401))
        raise Refused(refusal("401 Unauthorized", 401))

    def _place(self, found: Match[str]) -> str:
        if self.faults.channel_gone:
            raise Refused(refusal("404 Project Not Found", 404))
        project = unquote(found[1])
        return f"{PROJECT if project == PROJECT_ID else project}{SIGNS[found[2]]}{found[3]}"

    def _find(self, found: Match[str]) -> Message:
        message = self.chat.find(found[4], place=self._place(found))
        if message is None or self.faults.message_deleted:
            raise Refused(refusal("404 Note Not Found", 404))
        return message

    def _content(self, received: Received) -> Any:
        try:
            return received.content
        except ValueError as error:
            raise Refused(Answer({"error": "The request body is no valid JSON"}, 400)) from error

    def _text(self, received: Received, model: type[Note | Edited]) -> str:
        content = self._content(received) if received.body else dict(received.parameters)
        text = self.parse(model, content).body
        if not text.strip():
            raise Refused(refusal('400 Bad request - Note {:note=>["can\'t be blank"]}', 400))
        if len(text) > LIMIT:
            told = f'400 Bad request - Note {{:note=>["is too long (maximum is {LIMIT} characters)"]}}'
            raise Refused(refusal(told, 400))
        return text

    def _shown(self, message: Message) -> dict[str, Any]:
        username = USERNAME if message.by == "bot" else "ada"
        return {"id": int(message.id), "body": message.text, "author": {"username": username}, "system": False}


def refusal(message: str, status: int) -> Answer:
    return Answer({"message": message}, status)
