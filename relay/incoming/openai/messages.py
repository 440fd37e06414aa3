"""Messages as OpenAI's clients write them: roles, and content that is a text or a list of parts.

Sources: OpenAI API reference, "Chat completions: messages" and "Responses: input".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from relay import wire
from relay.call import File, Reference
from relay.errors import InvalidParam, PayloadTooLarge
from relay.incoming import sent

TOO_MANY = 500  # messages of one request
LONGEST = 4 * 1024 * 1024  # bytes of all their texts
TOO_LONG = "context_length_exceeded"

SYSTEM = frozenset({"system", "developer"})
USER = "user"
ASSISTANT = "assistant"
TOOL = frozenset({"tool", "function"})
ROLES = SYSTEM | TOOL | {USER, ASSISTANT}


class TooLong(InvalidParam):
    """There is more of it than an app could read."""

    code = TOO_LONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `digest` stands for its files, which tell two messages of the same words apart."""

    role: str
    text: str
    marks: tuple[str, ...] = ()  # what stands for its files where they can't be shown
    digest: str = ""
    files: tuple[File, ...] = field(default=(), repr=False)

    @property
    def told(self) -> str:
        """All of it, as text."""
        return "\n".join([*filter(None, [self.text]), *self.marks])

    @property
    def is_system(self) -> bool:
        return self.role in SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is asked now, and what came before."""

    before: tuple[Message, ...]  # oldest first, system messages among them
    asked: tuple[Message, ...]  # the user's last ones, of which there may be several in a row

    @property
    def system(self) -> str:
        """What the app is told to be."""
        return "\n\n".join(one.text for one in self.before if one.is_system and one.text)

    @property
    def query(self) -> str:
        """What the user says now; of files without a word, what they are: an app needs some words."""
        said = "\n\n".join(one.text for one in self.asked if one.text)
        return said if said.strip() else "\n\n".join(one.told for one in self.asked if one.marks)

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(file for one in self.asked for file in one.files)


def read(messages: Any) -> Conversation:
    """Read a list of messages. Raises InvalidParam, which names the parameter, and TooLong."""
    if not isinstance(messages, list) or not messages:
        raise InvalidParam("messages must be a list with at least one message.", param="messages")
    check_number(len(messages), "messages")
    found = [_message(one, f"messages[{number}]") for number, one in enumerate(messages)]
    return arrange(found, messages, "messages")


def arrange(
    found: Sequence[Message], written: Sequence[Any], param: str, *, numbers: Sequence[int] | None = None
) -> Conversation:
    """Part what is asked now from what came before, and read the files of what is asked.

    `written` is as it came; `numbers` says where in it each message stands, unless all of it are messages.
    Raises InvalidParam where nobody asks anything.
    """
    at = range(len(written)) if numbers is None else numbers
    if sum(_size(one.text) for one in found) > LONGEST:
        raise TooLong(f"The messages are too long: together they may have {LONGEST} bytes.", param=param)
    # a client may remind the app of something behind the question
    spoken = [number for number, one in enumerate(found) if not one.is_system]
    if not spoken or found[spoken[-1]].role != USER:
        raise InvalidParam(
            "The last message must be the user's: an app answers, and goes on with nothing.", param=param
        )
    first = spoken[-1]
    while first > 0 and found[first - 1].role == USER:
        first -= 1
    asked = [number for number in range(first, len(found)) if not found[number].is_system]
    before = [one for number, one in enumerate(found) if number not in asked]
    question = [
        replace(found[number], files=tuple(_files(written[at[number]], f"{param}[{at[number]}]"))) for number in asked
    ]
    conversation = Conversation(before=tuple(before), asked=tuple(question))
    if not conversation.query.strip():
        raise InvalidParam("The last message is empty.", param=f"{param}[{at[asked[-1]]}].content")
    return conversation


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def check_number(count: int, param: str) -> None:
    """Raise TooLong for too many messages."""
    if count >= TOO_MANY:
        raise TooLong(f"There are {count} {param}: send fewer than {TOO_MANY}.", param=param)


def _message(value: Any, where: str) -> Message:
    if not isinstance(value, Mapping):
        raise InvalidParam(f"{where} must be an object with role and content.", param=where)
    return message(value.get("role"), value.get("content"), where)


def message(role: Any, content: Any, where: str) -> Message:
    """Read one message. Only an assistant's may be empty: it called a tool. Raises InvalidParam."""
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise InvalidParam(f"{where}.role must be one of {known}.", param=f"{where}.role")
    if content is None and role in TOOL | {ASSISTANT}:
        content = ""
    texts, marks, files = [], [], sha256()
    for part, path in _parts(content, f"{where}.content"):
        kind = _kind(part, path)
        if kind in TEXTS:
            texts.append(_text(part, TEXTS[kind], path))
        else:
            marks.append(f"[{FILES[kind].shown}]")
            for name in sorted(part):
                files.update(wire.line({name: part[name]}))
    digest = files.hexdigest() if marks else ""
    return Message(role=role, text="\n".join(texts), marks=tuple(marks), digest=digest)


def _parts(content: Any, where: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    if isinstance(content, str):
        yield {"type": "text", "text": content}, where
        return
    if not isinstance(content, list):
        raise InvalidParam(f"{where} must be a text or a list of parts.", param=where)
    for number, part in enumerate(content):
        path = f"{where}[{number}]"
        if not isinstance(part, Mapping):
            raise InvalidParam(f"{path} must be an object with a type.", param=path)
        yield part, path


def _kind(part: Mapping[str, Any], path: str) -> str:
    kind = part.get("type")
    if not isinstance(kind, str) or (kind not in TEXTS and kind not in FILES):
        known = ", ".join([*TEXTS, *FILES])
        raise InvalidParam(f"{path}.type must be one of {known}.", param=f"{path}.type")
    return kind


def _text(part: Mapping[str, Any], name: str, path: str) -> str:
    text = part.get(name)
    if not isinstance(text, str):
        raise InvalidParam(f"{path}.{name} must be a text.", param=f"{path}.{name}")
    return text


def _files(value: Any, where: str) -> Iterator[File]:
    content = value.get("content") if isinstance(value, Mapping) else None
    for part, path in _parts(content, f"{where}.content"):
        kind = _kind(part, path)
        if kind in TEXTS:
            continue
        try:
            yield FILES[kind].read(part)
        except (InvalidParam, PayloadTooLarge) as error:
            error.param = path
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A kind of part that is a file."""

    shown: str  # what stands in the text where a file was
    read: Callable[[Mapping[str, Any]], File]


def _image(part: Mapping[str, Any]) -> File:
    """Read `{"image_url": {"url"}}`, as Responses has it `{"image_url": "…"}` or `{"file_id"}`."""
    value = part.get("image_url")
    if value is None and part.get("file_id"):
        return _by_id(part.get("file_id"))
    url = value.get("url") if isinstance(value, Mapping) else value
    return sent.from_url(_required(url, "image_url"), type_="image")


def _audio(part: Mapping[str, Any]) -> File:
    """Read `{"input_audio": {"data": base64, "format": "wav" or "mp3"}}`."""
    value = part.get("input_audio")
    given = value if isinstance(value, Mapping) else {}
    extension = str(given.get("format") or "")
    known = extension if extension.isalnum() and len(extension) <= 8 else ""
    data = _required(given.get("data"), "input_audio.data")
    return sent.from_base64(data, filename=f"audio.{known}" if known else "", mimetype=AUDIO_TYPES.get(known, ""))


def _file(part: Mapping[str, Any]) -> File:
    """Read `{"file": {"file_data", "filename"}}` or `{"file": {"file_id"}}`; Responses has them in the part."""
    value = part.get("file", part)
    given = value if isinstance(value, Mapping) else {}
    if given.get("file_id"):
        return _by_id(given["file_id"])
    filename = given.get("filename")
    name = filename if isinstance(filename, str) else ""
    if given.get("file_url"):
        return sent.from_url(_required(given["file_url"], "file_url"), filename=name)
    data = _required(given.get("file_data"), "file_data")
    return (
        sent.from_url(data, filename=name) if data[:5].lower() == "data:" else sent.from_base64(data, filename=name)
    )


def _by_id(value: Any) -> File:
    return Reference(id=_required(value, "file_id"))


def _required(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidParam(f"{name} must be a text.")
    return value


AUDIO_TYPES: Mapping[str, str] = {"wav": "audio/wav", "mp3": "audio/mpeg"}
# type -> where its text stands
TEXTS: Mapping[str, str] = {
    "text": "text",
    "input_text": "text",
    "output_text": "text",
    "refusal": "refusal",
}
FILES: Mapping[str, FilePart] = {
    "image_url": FilePart(shown="image", read=_image),
    "input_image": FilePart(shown="image", read=_image),
    "input_audio": FilePart(shown="audio", read=_audio),
    "file": FilePart(shown="file", read=_file),
    "input_file": FilePart(shown="file", read=_file),
}
