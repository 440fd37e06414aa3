"""What a client sends as the history of its question: the ids by which it may be known, and the same as text.

An id is made of hashes: of the app, the user, and of each message the role, the words (however they are spaced, and
without what a client shows of a model's thoughts) and its files. A caller that names a user is also found by the last
three exchanges, for clients that send no more than the end; whatever they send beside has to be what was said, too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from relay.incoming.openai.messages import ASSISTANT, USER, Conversation, Message

EXCHANGES = 3  # by which a caller that names a user is found
LINE = 100  # messages by which an edited history is told from one of which a client sends the end only
BRIEF = 8  # hexadecimal digits
LONGEST = 32 * 1024  # bytes of what came before, told as text
PIECE = 64 * 1024  # characters whose words are counted off at a time

# how clients put a model's thoughts into an answer that they send back
_THOUGHTS = (("<think>", "</think>"), ('<details type="reasoning"', "</details>"))
_NAMES = {USER: "User", ASSISTANT: "Assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What came before a question, as the ids of the records that may know it."""

    known_as: tuple[str, ...] = ()  # the whole first; none where nothing was answered before
    required: bool = False  # nothing runs where none of these is known
    chain: str  # stands for all messages, the question's included; "" where nothing is known by them
    recent: tuple[str, ...] = ()  # stand for the last exchanges, the question's included; none without a user
    line: tuple[str, ...] = ()  # stand, more briefly, for the LINE latest messages before the question
    asked: tuple[str, ...] = ()  # and for the question's
    scope: str  # stands for app and user
    query: str  # the question alone, for a conversation that knows the rest
    renewed: str = ""  # the same behind the system's message, for one that knows another of these
    system: str = ""  # stands for the system's message where it is told before a question
    told: str  # the question with all that came before, for one that does not
    placed: str = ""  # the app's input that takes the question, too

    def ids_after(self, answer: str, response_id: str = "") -> tuple[str, ...]:
        """Give the ids of what will be known once this was answered, by a response that a caller may name or not."""
        said = _answer(answer)
        ids = [_whole(self.scope, _link(self.chain, said))] if self.chain else []
        if self.recent:
            ids.append(_tail(self.scope, [*self.recent, said]))
        if response_id:
            ids.append(_response(self.scope, response_id))
        return tuple(ids)

    def line_after(self, answer: str) -> str:
        """Give what tells later whether somebody has edited what was said by then."""
        return "".join([*self.line, *self.asked, _answer(answer)[:BRIEF]][-LINE:])

    def ends(self, line: str) -> bool:
        """Tell whether what came before is the end of what a record's `line` stands for."""
        mine = "".join(self.line)
        if len(mine) > len(line) and len(line) < LINE * BRIEF:
            return False
        shorter = min(len(mine), len(line))
        return mine[len(mine) - shorter :] == line[len(line) - shorter :]


def history_of(
    conversation: Conversation,
    *,
    app_id: str,
    user: str | None,
    named: bool,
    told: str,
    system: str = "",
    previous: str = "",
    placed: str = "",
) -> History:
    """Give the history of a question.

    `named` says that its caller has proven to be one who may name a user: whom a stranger names is nobody whose
    conversations could be found by what was said in them; `system` is what stands before the query
    in `told`. With the id of a `previous` response all that the caller sent is new.
    """
    scope = _hash([app_id, json.dumps(user)])  # a record holds its other ids, and no names
    stands_for = _hash([" ".join(system.split())]) if system else ""
    if previous:
        return History(
            known_as=(_response(scope, previous),),
            required=True,
            chain="",
            scope=scope,
            query=tell(conversation, system=""),
            renewed=told,
            system=stands_for,
            told=told,
            placed=placed,
        )
    # by the next time a system message that stood behind the question stands in the midst of the others
    ordered = sorted(conversation.before, key=lambda one: not one.is_system)
    before = [(one, _digest(one)) for one in ordered]
    spoken = [(one.role, digest) for one, digest in before if not one.is_system]
    asked = [_digest(one) for one in conversation.asked]
    chain = _chain("", [digest for _, digest in before])
    known: list[str] = []
    unproven = bool(user) and not named
    if any(role == ASSISTANT for role, _ in spoken) and not unproven:
        known.append(_whole(scope, chain))
    recent: list[str] = []
    if named and user:
        if latest := _alternating(spoken, [USER, ASSISTANT] * EXCHANGES):
            known.append(_tail(scope, latest))
        both = [*spoken, *((USER, digest) for digest in asked)]
        recent = _alternating(both, [USER, *[ASSISTANT, USER] * (EXCHANGES - 1)])
    return History(
        known_as=tuple(known),
        chain="" if unproven else _chain(chain, asked),
        recent=tuple(recent),
        line=tuple(digest[:BRIEF] for _, digest in spoken[-LINE:]),
        asked=tuple(digest[:BRIEF] for digest in asked),
        scope=scope,
        query=conversation.query,
        renewed=_behind(system, conversation.query),
        system=stands_for,
        told=told,
        placed=placed,
    )


def tell(conversation: Conversation, *, system: str) -> str:
    """Give a question with what came before it as text, of which the latest LONGEST bytes; `system` first."""
    query = conversation.query
    spoken = [one for one in conversation.before if not one.is_system and one.told]
    if not spoken:
        return _behind(system, query)
    lines: list[str] = []
    left = LONGEST
    for one in reversed(spoken):
        line = f"{_NAMES.get(one.role, 'Tool')}: {_words(replace(one, text=one.told)).strip()}"
        size = len(line.encode("utf-8", "replace"))
        if size > left:
            if not lines:  # of a single one that is too long its end
                lines.append("…" + line.encode("utf-8", "replace")[-left:].decode("utf-8", "ignore"))
            break
        left -= size
        lines.append(line)
    before = "\n\n".join(reversed(lines))
    return _behind(system, f"The conversation so far:\n\n{before}\n\nThe next message of the user:\n\n{query}")


def _behind(system: str, query: str) -> str:
    return f"{system}\n\n{query}" if system else query


def _words(one: Message) -> str:
    """Give what was said, of an assistant without its thoughts."""
    text = one.text
    if one.role == ASSISTANT:
        for opening, closing in _THOUGHTS:
            text = _without(text, opening, closing)
    return text


def _without(text: str, opening: str, closing: str) -> str:
    """Cut out all that stands between two marks, in one pass: a caller may write the first one a million times."""
    kept, at = [], 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join([*kept, text[at:]])


def _answer(text: str) -> str:
    return _digest(Message(role=ASSISTANT, text=text))


def _digest(one: Message) -> str:
    return _hash([one.role, _spaced(_words(one)), one.digest])


def _spaced(text: str) -> str:
    """Put one blank between two words, piece by piece: each word of its own takes some 60 bytes."""
    kept, within = [""], False
    for at in range(0, len(text), PIECE):
        piece = text[at : at + PIECE]
        words = " ".join(piece.split())
        if words and any(kept) and not (within and not piece[0].isspace()):
            kept.append(" ")
        kept.append(words)
        within = not piece[-1].isspace()
    return "".join(kept)


def _alternating(spoken: Sequence[tuple[str, str]], roles: Sequence[str]) -> list[str]:
    """Give the digests of the latest messages if they have these roles, else none."""
    latest = spoken[-len(roles) :]
    return [digest for _, digest in latest] if [role for role, _ in latest] == [*roles] else []


def _chain(chain: str, digests: Sequence[str]) -> str:
    for digest in digests:
        chain = _link(chain, digest)
    return chain


def _link(chain: str, digest: str) -> str:
    return _hash([chain, digest])


def _whole(scope: str, chain: str) -> str:
    return f"whole {scope} {chain}"


def _response(scope: str, id_: str) -> str:
    return f"response {scope} {id_}"


def _tail(scope: str, digests: Sequence[str]) -> str:
    return f"tail {scope} {_hash(list(digests))}"


def _hash(parts: Sequence[str]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
