"""What an app's events are to OpenAI's clients: text, reasoning, annotations, usage, an id and a date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from relay.event import Event, detail, kind
from relay.foreign import presentable
from relay.run.transcript import Transcript, failure_of
from relay.texts import url

LONGEST_OBSERVATION = 2_000  # characters that are shown of what a tool gave back
MOST_SOURCES = 50
MOST_LOOKS = 500  # at what was said, for a thought or a file of an app that has a great many
FINISHES = frozenset({"length", "content_filter"})  # how a model may end, beside "stop"


class Piece(NamedTuple):
    """What one event adds."""

    text: str = ""
    reasoning: str = ""


NOTHING = Piece()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What an answer rests on: `retriever_resources` of Dify's message_end."""

    title: str
    url: str  # "" for none
    file_id: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens. A workflow tells only their total, which then counts as the answer's."""

    prompt: int = 0
    completion: int = 0
    total: int = 0


class Parts:
    """Folds an app's events. Feed it every event, once, in order.

    `text` is what a reader of the pieces has read by then; what Dify takes back stays there, as in a stream.
    """

    def __init__(self) -> None:
        self.id = ""  # Dify's own, of the message or else of the workflow's run
        self.created = 0  # seconds since 1970; 0 as long as no event has told
        self.failure = ""  # why the app's workflow failed
        self.finish_reason = "stop"
        self._reasoning: list[str] = []
        self._transcript = Transcript()
        self._thoughts: dict[str, str] = {}
        self._texts: list[str] = []
        self._added: dict[str, None] = {}  # beside the text that the app itself says
        self._looks = 0
        self._usage: Mapping[str, Any] = {}
        self._total = 0

    def add(self, event: Event) -> Piece:
        """Take one event in and say what it adds."""
        if not (self.id or self._texts or self._reasoning):  # all pieces of an answer bear the first one's
            self._identify(event)
        before = self._transcript.has_text
        said = self._transcript.add(event)
        text = f"\n\n{said.text}" if said.instead and before else said.text
        reasoning = ""
        match kind(event):
            case "agent_thought":
                reasoning = self._thought(event)
            case "reasoning_chunk":
                reasoning = _text(detail(event).get("reasoning"))
            case "message_file":
                text = self._file(event)
            case "human_input_required":
                text = self._beside(_text(detail(event).get("form_content")))
            case "message_end":
                self._usage = _mapping(_mapping(event.get("metadata")).get("usage"))
            case "node_finished":
                self._finish(detail(event))
            case "workflow_finished":
                self.failure = failure_of(event)
                self._total = _count(detail(event).get("total_tokens"))
        if text:
            self._texts.append(text)
        self._reasoning += [reasoning] if reasoning else []
        return Piece(text, reasoning) if text or reasoning else NOTHING

    @property
    def text(self) -> str:
        """The answer as whoever followed it has read it."""
        return "".join(self._texts)

    @property
    def reasoning(self) -> str:
        """What the app has thought."""
        return "".join(self._reasoning)

    @property
    def final(self) -> str:
        """The answer without what Dify took back."""
        return self._transcript.text + "".join(self._added)

    @property
    def usage(self) -> Usage:
        prompt, completion = (_count(self._usage.get(f"{name}_tokens")) for name in ("prompt", "completion"))
        if prompt or completion:
            return Usage(prompt=prompt, completion=completion, total=prompt + completion)
        total = _count(self._usage.get("total_tokens")) or self._total
        return Usage(completion=total, total=total)

    def sources(self) -> Iterator[Source]:
        """Give what the answer rests on. Source: Dify docs, "Chat App API", `RetrieverResource`."""
        resources = self._transcript.extras()["retriever_resources"]
        known = set()
        for position, one in enumerate(resources[:MOST_SOURCES] if isinstance(resources, list) else (), start=1):
            if not isinstance(one, Mapping):
                continue
            links = (_text(one.get(name)).strip() for name in ("url", "document_url"))
            source = Source(
                title=_text(one.get("document_name")) or _text(one.get("dataset_name")) or f"Source {position}",
                url=next((link for link in links if url.web(link)), ""),
                file_id=_text(one.get("document_id")) or f"source-{position}",
                position=position,
            )
            if (source.title, source.url, source.file_id) not in known:
                known.add((source.title, source.url, source.file_id))
                yield source

    def _identify(self, event: Event) -> None:
        self.id = _text(event.get("message_id")) or _text(event.get("workflow_run_id"))
        self.created = _count(event.get("created_at")) or _count(detail(event).get("created_at"))

    def _thought(self, event: Event) -> str:
        """Say what is new of a thought: Dify sends it again and again while it grows.

        A model that calls functions says its thought aloud, too: then it stands in the answer.
        """
        thought, observation = _text(event.get("thought")).strip(), _text(event.get("observation")).strip()
        lines = [] if not thought or self._says(thought) else [thought]
        if tool := _text(event.get("tool")):
            lines.append(f"{tool}({_text(event.get('tool_input'))})")
        if observation:
            shown = observation[:LONGEST_OBSERVATION]
            lines.append(f"→ {shown}…" if len(shown) < len(observation) else f"→ {shown}")
        key, whole = _text(event.get("id")), "\n".join(lines)
        before = self._thoughts.get(key, "")
        if whole.startswith(before):
            new = whole.removeprefix(before)
        else:
            new = "".join(f"\n{line}" for line in lines if line not in before)
        self._thoughts[key] = before + new
        return new if before or not self._reasoning or not new else f"\n\n{new}"

    def _file(self, event: Event) -> str:
        """Show a file that the app made as Markdown does; one without an address can't be shown."""
        address = _text(event.get("url")).strip()
        if event.get("belongs_to") == "user" or not url.web(address) or self._says(address):
            return ""
        name = presentable(_text(event.get("filename")) or _text(event.get("type")) or "file")
        mark = "!" if event.get("type") == "image" else ""
        return self._beside(f"\n\n{mark}[{name.translate(_BRACKETS)}]({url.closed(address)})")

    def _says(self, text: str) -> bool:
        """Tell whether the answer says something already. Each look is at the whole of it, so not all get one."""
        self._looks += 1
        return self._looks <= MOST_LOOKS and text in self._transcript.text

    def _beside(self, text: str) -> str:
        if text in self._added:
            return ""
        self._added[text] = None
        return text

    def _finish(self, node: Mapping[str, Any]) -> None:
        reason = _mapping(node.get("outputs")).get("finish_reason")
        if isinstance(reason, str):
            self.finish_reason = reason if reason in FINISHES else "stop"


_BRACKETS = str.maketrans({"[": "(", "]": ")", "\n": " "})


def url_citation(source: Source, at: int) -> dict[str, Any]:
    """Give a source as a citation of a page, the one kind that a chat completion knows; `at` is where it stands."""
    address = source.url or f"urn:dify:document:{source.file_id}"
    return {"url": address, "title": source.title, "start_index": at, "end_index": at}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int:
    """Read a number of tokens or seconds; JSON's numbers have no end, a client's have."""
    return int(value) if isinstance(value, int | float) and 0 < value < 2**53 else 0
