"""A page that grows while the app answers, for a browser without a script.

Whatever an app or a caller says goes through the templates' autoescaping. Nothing of it reaches a style sheet or
an attribute, but for links that are plainly http(s).
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from relay import wire
from relay.errors import RelayError
from relay.event import Event, detail, kind
from relay.run.transcript import Transcript, failure_of

# the page needs its own styles and nothing else; it may stand in a frame, as Dify's own chat page may
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

LONGEST_QUERY = 10_000  # characters that are shown of the question
LONGEST_STEP = 1_000_000  # seconds that are shown

MARKS: Mapping[str, str] = {"succeeded": "✓", "failed": "✗", "exception": "✗", "stopped": "■", "retry": "↻"}


def _templates() -> Any:
    # auto_reload off: a plugin's files do not change while it runs
    environment = Environment(
        loader=PackageLoader("relay.outgoing.formats"), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    return environment.get_template("page.html").module


PIECES: Any = _templates()  # each macro of the template as a function


class Page:
    """Encodes an answer as HTML: the question, the steps with their state, the text, the results."""

    keep_alive = b"<!-- keep-alive -->\n"

    def __init__(self, query: str, face: Mapping[str, str] | None = None) -> None:
        """Take the question, and the app's `name` and `icon`, each only where it is known."""
        self._query = query
        self._face = face or {}
        self._transcript = Transcript()
        self._take = 0  # grows by one each time Dify takes back what was said
        self._steps: dict[str, int] = {}

    def opening(self) -> bytes:
        query = self._query
        shown = query if len(query) <= LONGEST_QUERY else query[: LONGEST_QUERY - 1] + "…"
        return wire.encode(PIECES.opening(shown, self._face.get("name", ""), self._face.get("icon", "")))

    def event(self, event: Event) -> bytes:
        shown = self._transcript.text if kind(event) == "workflow_finished" else ""
        said = self._transcript.add(event)
        match kind(event):
            case "node_started":
                return wire.encode(self._step(event))
            case "node_finished" | "node_retry":
                return wire.encode(self._step_done(event))
            case "agent_thought" if event.get("tool"):
                return wire.encode(self._step({"data": {"id": event.get("id"), "title": event["tool"]}}))
            case "message_file":
                return wire.encode(_file(event))
            case "workflow_finished":
                return wire.encode(_results(event, shown))
        html = ""
        if said.instead:
            html += PIECES.take_back(self._take)
            self._take += 1
        if said.text:
            html += PIECES.text(said.text, self._take)
        return wire.encode(html)

    def error(self, error: RelayError) -> bytes:
        return wire.encode(PIECES.error(error.message, error.code))

    def closing(self) -> bytes:
        return wire.encode(PIECES.closing())

    def _step(self, event: Event) -> str:
        data = detail(event)
        key = str(data.get("id") or data.get("node_id"))
        if key in self._steps:
            return ""
        self._steps[key] = number = len(self._steps)
        return str(PIECES.step(number, str(data.get("title") or "Step"), str(data.get("node_type") or "")))

    def _step_done(self, event: Event) -> str:
        data = detail(event)
        html = self._step(event)  # a step that began before anyone looked
        number = self._steps[str(data.get("id") or data.get("node_id"))]
        state = "retry" if kind(event) == "node_retry" else str(data.get("status"))
        html += str(PIECES.step_done(number, MARKS.get(state, "·"), _seconds(data.get("elapsed_time"))))
        if failed := failure_of(event):
            html += str(PIECES.step_error(failed))
        return html


def error_page(error: RelayError) -> bytes:
    """Give a readable page that says what went wrong."""
    return wire.encode(PIECES.error_page(int(error.status), error.status.phrase, error.message, error.code))


def _seconds(value: object) -> float | None:
    """Give a time that can be shown: JSON's numbers have no end, a page's and a float's have."""
    return float(value) if isinstance(value, int | float) and 0 <= value < LONGEST_STEP else None


def _results(event: Event, shown: str) -> str:
    outputs = detail(event).get("outputs")
    rows = [
        (str(name), value if isinstance(value, str) else wire.dump(value, indent=2))
        for name, value in (outputs.items() if isinstance(outputs, Mapping) else ())
        if value != shown
    ]
    html = str(PIECES.results(rows)) if rows else ""
    if failed := failure_of(event):
        html += str(PIECES.error(failed, ""))
    return html


def _file(event: Event) -> str:
    url = str(event.get("url") or "")
    name = str(event.get("filename") or event.get("type") or "file")
    return str(PIECES.file(name, url if url.startswith(("https://", "http://")) else ""))
