"""A page that grows while the app answers, for a browser without a script.

It is one document that is written from top to bottom. What comes later lands in its slot by declarative shadow DOM,
and hides what it replaces by the fixed style sheet; nothing of an app's reaches a style sheet. Whatever an app or a
caller says goes through the templates' autoescaping or through `relay.page.markdown`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from relay import wire
from relay.errors import RelayError
from relay.event import Event, detail, kind
from relay.page import files, outputs, pieces, plain, sources, steps
from relay.page.declared import Asking
from relay.page.markdown import Flow, render
from relay.page.steps import State, Steps
from relay.page.texts import in_language
from relay.page.thinking import Aloud, Part, Thinking, said
from relay.page.thoughts import MOST_SHOWN, Thought, Thoughts
from relay.page.turns import Turn
from relay.page.view import View
from relay.run.tasks import STOPPED
from relay.run.transcript import NOTHING, Said, Transcript, failure_of

LONGEST_QUERY = 10_000  # characters that are shown of the question
LONGEST_OUTPUT = 256 * 1024  # of each of an app's texts beside the answer
LONGEST_BESIDE = 64 * 1024  # of all of them together, that are rendered
MOST_FILES = 100


class Page:
    """Encodes an answer as HTML: earlier turns, the question, steps, text, results, sources, and the next form."""

    keep_alive = b"<!-- keep-alive -->\n"  # a comment stands well wherever text may

    def __init__(self, query: str, view: View | None = None) -> None:
        self._query = query
        self._view = view or View()
        self._texts = in_language(self._view.language)
        self._hosts = self._view.image_hosts
        self._transcript = Transcript()
        self._flow = Flow(self._hosts)
        self._steps = Steps()
        self._thoughts = Thoughts()
        self._thinking = Thinking()
        self._aloud = Aloud(self._texts.thought)
        self._tool = ""  # that is shown to be called
        self._task = ""
        self._conversation = ""
        self._seconds: float | None = None  # that the run took
        self._files: set[str] = set()  # the addresses of those that are shown
        self._room = LONGEST_BESIDE
        self._shown = False  # anything beside text
        self._failure = ""  # that the page tells
        self._stopped = False
        self._broken = False
        self._ended = False

    def opening(self) -> bytes:
        query, view = self._query, self._view
        shown = query if len(query) <= LONGEST_QUERY else query[: LONGEST_QUERY - 1] + plain.CUT
        title = plain.name(query) or view.heading(self._texts)
        chats = view.declared is not None and (view.declared.asking is Asking.CHAT or bool(view.conversation_id))
        return wire.encode(_write("opening", view, shown, title, chats, self._texts))

    def event(self, event: Event) -> bytes:
        name = kind(event)
        # a run's end would have the transcript write all outputs as a text
        said = self._transcript.add(event) if name != "workflow_finished" else NOTHING
        html = "" if self._task else self._begun(event)
        if shows := self._SHOWS.get(name):
            html += shows(self, event)
        elif said.text or said.instead:
            html += self._say(said)
        return wire.encode(html)

    def error(self, error: RelayError) -> bytes:
        self._broken = True
        html = self._end(State.STOPPED)
        told = "" if error.message == self._failure else error.message
        return wire.encode(html + _write("state", self._texts.broken_off, told, True, error.code))

    def closing(self) -> bytes:
        html = self._end(State.STOPPED)
        if not (self._broken or self._shown or self._failure or self._transcript.has_text):
            html += _write("state", self._texts.nothing_said, "", False)
        return wire.encode(html + self._next())

    def _begun(self, event: Event) -> str:
        """Give the button that stops the run, as soon as its task is known."""
        self._conversation = self._conversation or plain.text(event.get("conversation_id"), plain.LONGEST_NAME)
        self._task = plain.text(event.get("task_id"), plain.LONGEST_NAME)
        if not self._task or self._view.declared is None:
            return ""
        return _write("stop", self._task, self._view.token, self._texts)

    def _say(self, said: Said) -> str:
        if said.instead:
            html = self._think(self._thoughts.end()) + self._pause() + self._flow.replace("")
            self._thinking = Thinking()
        else:
            html = self._think(self._thoughts.said(said.text))
        if self._thinking.over and not self._aloud.open:
            return html + self._flow.add(said.text)
        return html + self._told(self._thinking.split(said.text))

    def _told(self, parts: Iterable[Part]) -> str:
        html = ""
        for part in parts:
            if part.text:
                html += self._reason(part.text) if part.thought else self._aloud.close() + self._flow.add(part.text)
        return html

    def _reason(self, text: str) -> str:
        self._shown = True
        return ("" if self._aloud.open else self._apart()) + self._aloud.add(text)

    def _reasoned(self, event: Event) -> str:
        text = detail(event).get("reasoning")
        return self._reason(text) if isinstance(text, str) and text else ""

    def _pause(self) -> str:
        """Close what text is written into, so that something else can be written."""
        return self._aloud.close() + self._flow.pause()

    def _apart(self) -> str:
        """End the text: what was said before something stays before it."""
        html = self._aloud.close() + self._flow.end()
        self._flow = Flow(self._hosts, self._flow.room)
        return html

    def _think(self, thought: Thought | None) -> str:
        if thought is None:
            return ""
        self._shown = True
        return self._apart() + _write("thought", thought, self._texts) + self._called()

    def _beside(self, piece: str) -> str:
        """Give a piece that stands outside the text."""
        return self._pause() + piece

    def _step(self, event: Event) -> str:
        self._steps.take(event)
        return self._now()

    def _now(self) -> str:
        return self._beside(_write("now", self._steps.now(), self._thoughts.tool, self._texts))

    def _thought(self, event: Event) -> str:
        html = self._think(self._thoughts.take(event))
        return html + self._called()

    def _called(self) -> str:
        """Show which tool is being called, when that has changed."""
        if self._tool == self._thoughts.tool:
            return ""
        self._tool = self._thoughts.tool
        return self._now()

    def _log(self, event: Event) -> str:
        return self._think(self._thoughts.log(event))

    def _file(self, event: Event) -> str:
        file = files.of(event, self._hosts)
        if file.url in self._files or len(self._files) >= MOST_FILES:
            return ""
        self._files |= {file.url} - {""}
        self._shown = True
        return self._beside(_write("beside", file, self._texts))

    def _message_end(self, event: Event) -> str:
        found, more = sources.of(event.get("metadata"))
        html = self._beside(_write("sources", found, more, self._texts)) if found else ""
        beside = event.get("files")
        for file in beside[:MOST_FILES] if isinstance(beside, list) else ():
            html += self._file(file) if isinstance(file, Mapping) else ""
        return html

    def _halted(self, _: Event) -> str:
        self._stopped = True
        return self._beside(_write("state", self._texts.stopped, "", False))

    def _waits(self, event: Event) -> str:
        self._shown = True
        content = plain.text(detail(event).get("form_content"), LONGEST_OUTPUT)
        rendered = self._rendered(content) if content else ""
        return self._beside(_write("waits", rendered, self._texts))

    def _paused(self, _: Event) -> str:
        html = "" if self._shown else self._waits({})
        return html + self._end(State.PAUSED)

    def _finished(self, event: Event) -> str:
        data = detail(event)
        self._seconds = plain.seconds(data.get("elapsed_time"))
        html = self._results(data.get("outputs"))
        if (failed := failure_of(event)) and not self._stopped:
            self._failure = failed
            stopped = data.get("status") == "stopped"
            html += self._beside(_write("state", self._texts.stopped if stopped else failed, "", not stopped))
        return html

    def _results(self, given: Any) -> str:
        """Show outputs that were not said yet. A single text is the answer itself."""
        if self._conversation and isinstance(given, Mapping):  # a chatflow: its answer has been said
            given = {name: value for name, value in given.items() if name != "answer" and value}
        shown, more = outputs.of(given, self._hosts, self._transcript.text)
        if not shown:
            return ""
        self._shown = True
        if len(shown) == 1 and shown[0].shape is outputs.Shape.TEXT and not self._transcript.has_text:
            return self._told(self._thinking.split(shown[0].text))
        rendered = [self._rendered(one.text) if one.shape is outputs.Shape.TEXT else "" for one in shown]
        named = len(shown) > 1 or shown[0].shape is not outputs.Shape.TEXT
        return self._beside(_write("outputs", shown, rendered, more, named, self._texts))

    def _rendered(self, text: str) -> str:
        """Render a text that stands beside the answer, as long as all of them are not too long."""
        room, self._room = self._room, max(self._room - len(text), 0)
        return render(text, self._hosts, room)

    def _end(self, state: State) -> str:
        """Give what closes the answer's text and steps, once; the state is that of steps whose end was not told."""
        if self._ended:
            return ""
        self._ended = True
        html = self._think(self._thoughts.end()) + self._told(self._thinking.end()) + self._apart()
        if (left_out := self._thoughts.count - MOST_SHOWN) > 0:
            html += _write("thoughts_left_out", left_out, self._texts)
        self._steps.end(state)
        if self._steps.count:
            html += _write("all", self._steps.all(), self._steps.count, self._seconds, self._texts)
        return html

    def _next(self) -> str:
        """End the answer, and give the next form: a new question, the same inputs, or after an error all of it."""
        view = replace(self._view, conversation_id=self._conversation or self._view.conversation_id)
        if self._broken:
            return _write("closing", view, self._query, False, self._texts)
        if not self._conversation:
            return _write("closing", view, self._query, True, self._texts)
        turn = Turn(query=self._query, answer=said(self._transcript.text))
        return _write("closing", replace(view, turns=view.turns.add(turn)), "", True, self._texts)

    # what is shown of each kind of event, beside the text that it may add
    _SHOWS: ClassVar[Mapping[str, Callable[["Page", Event], str]]] = {
        **dict.fromkeys(steps.EVENTS, _step),
        "agent_thought": _thought,
        "agent_log": _log,
        "reasoning_chunk": _reasoned,
        "message_file": _file,
        "message_end": _message_end,
        STOPPED: _halted,
        "human_input_required": _waits,
        "workflow_paused": _paused,
        "workflow_finished": _finished,
    }


def _write(piece: str, *given: object) -> str:
    """Give one of the template's pieces; as a plain text, for in a sum Markup escapes what stands beside it."""
    return str(getattr(pieces.module("answer.html"), piece)(*given))
