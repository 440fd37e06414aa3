"""GitHub's REST API: comments of issues and pull requests.

Source: GitHub docs, "REST API endpoints for issue comments", "for reactions", "Getting started with the REST API",
"Troubleshooting the REST API"; github/rest-api-description.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from re import Match
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from workspace.senders.chat import Message
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields

LIMIT = 65_536  # characters
LOGIN = "quack-bot"
_DOCS = "https://docs.github.com/rest"


class Comment(Body):
    body: str


class Reaction(Body):
    content: str = Field(pattern=r"^([+-]1|laugh|confused|heart|hooray|rocket|eyes)$")


@dataclass
class GitHub(StandIn):
    """GitHub. A place is `<owner>/<repository>#<number>`."""

    name: ClassVar[str] = "github"
    token: ClassVar[str] = "ghp_quack"
    expired: ClassVar[str] = "ghp_expired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((80, 60.0),)

    _sent: int = 9_000_000_000

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        repository = r"(?:/api/v3)?/repos/([\w.-]+/[\w.-]+)/issues"
        return (
            ("GET", r"(?:/api/v3)?/user", self.user),
            ("GET", rf"{repository}/(\d+)/comments", self.list),
            ("POST", rf"{repository}/(\d+)/comments", self.create),
            ("GET", rf"{repository}/comments/(\d+)", self.get),
            ("PATCH", rf"{repository}/comments/(\d+)", self.update),
            ("DELETE", rf"{repository}/comments/(\d+)", self.delete),
            ("POST", rf"{repository}/(?:comments/)?(\d+)/reactions", self.react),
        )

    def answer(self, received: Received) -> Answer:
        if not received.headers.get("user-agent"):
            told = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
            return Answer(told, 403)
        answer = super().answer(received)
        limits = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "9999999999"}
        return Answer(answer.body, answer.status, {**limits, **answer.headers})

    def missing(self, received: Received) -> Answer:
        self._authorized(received)
        return refusal("Not Found", 404)

    def throttled(self, seconds: float) -> Answer:
        told = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        answer = refusal(told, 403)
        return Answer(answer.body, 403, {"Retry-After": f"{seconds:.0f}"})

    def malformed(self, error: ValidationError) -> Answer:
        [(place, kind), *_] = missing_fields(error)
        told = f'"{place}" wasn\'t supplied.' if kind == "missing" else f"For '{place}', the value is not a string."
        return refusal(f"Invalid request.\n\n{told}", 422)

    def user(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer({"login": LOGIN, "id": 7, "type": "User"})

    def list(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        place = self._place(found)
        most = int(received.parameters.get("per_page", "30"))
        page = int(received.parameters.get("page", "1"))
        shown = [self._shown(message) for message in self.chat.messages if message.place == place]
        return Answer(shown[(page - 1) * most : page * most])

    def create(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        place = self._place(found)
        text = self._text(received)
        self.paced("")
        self._sent += 1
        message = Message(id=str(self._sent), place=place, text=text, dialect="gfm", at=self.clock())
        return Answer(self._shown(self.chat.add(message)), 201)

    def get(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        return Answer(self._shown(self._find(found)))

    def update(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        message = self._find(found)
        text = self._text(received)
        if message.by != "bot":
            return refusal("Must have admin rights to Repository.", 403)
        self.paced("")
        return Answer(self._shown(self.chat.edit(message, text, "gfm", now=self.clock())))

    def delete(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        self.chat.remove(self._find(found))
        return Answer(None, 204)

    def react(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        body = self.parse(Reaction, self._content(received))
        return Answer({"id": 1, "content": body.content, "user": {"login": LOGIN}}, 201)

    def _authorized(self, received: Received) -> None:
        scheme, _, token = received.headers.get("authorization", "").partition(" ")
        if scheme.lower() in {"bearer", "token"} and token == self.token:
            return
        if not scheme:
            raise Refused(refusal("Requires authentication", 401))
        raise Refused(refusal("Bad credentials", 401))

    def _place(self, found: Match[str]) -> str:
        if self.faults.channel_gone:
            raise Refused(refusal("Not Found", 404))
        return f"{found[1]}#{found[2]}"

    def _find(self, found: Match[str]) -> Message:
        message = self.chat.find(found[2])
        if message is None or self.faults.message_deleted or not message.place.startswith(f"{found[1]}#"):
            raise Refused(refusal("Not Found", 404))
        return message

    def _content(self, received: Received) -> Any:
        try:
            return received.content
        except ValueError as error:
            raise Refused(refusal("Problems parsing JSON", 400)) from error

    def _text(self, received: Received) -> str:
        text = self.parse(Comment, self._content(received)).body
        if not text.strip():
            raise Refused(_invalid("Body cannot be blank"))
        if len(text) > LIMIT:
            raise Refused(_invalid(f"Body is too long (maximum is {LIMIT} characters)"))
        return text

    def _shown(self, message: Message) -> dict[str, Any]:
        login = LOGIN if message.by == "bot" else "ada"
        return {
            "id": int(message.id),
            "body": message.text,
            "user": {"login": login, "type": "User"},
            "html_url": f"https://github.com/{message.place.replace('#', '/issues/')}#issuecomment-{message.id}",
        }


def _invalid(message: str) -> Answer:
    wrong = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    return refusal("Validation Failed", 422, errors=[wrong])


def refusal(message: str, status: int, **more: Any) -> Answer:
    return Answer({"message": message, **more, "documentation_url": _DOCS, "status": str(status)}, status)
