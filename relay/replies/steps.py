"""What is the next thing to send: the difference between what an answer is and what its messages say."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from relay.outward import Request
from relay.replies.channel import Channel, NoPlace, Piece, Rung, Target
from relay.replies.pieces import Part, open_end
from relay.replies.state import Kind, Message, State, Step, begins, length, mark

SURPLUS = "…"  # what a message says that the answer has become too short for


def opens(state: State, rung: Rung, text: str, *, whole: bool) -> bool:
    """Tell whether something is to be posted before anything is said."""
    waits = not text.strip() or rung.pace == inf
    return bool(rung.opening) and waits and not (whole or state.opened or state.messages or state.left)


def opening(rung: Rung) -> Step:
    return Step(kind=Kind.OPEN, texts=(rung.opening,), says=(mark(rung.opening),))


def difference(state: State, rung: Rung, found: Sequence[Part], text: str, *, whole: bool) -> Step | None:
    """Give the first step from what the messages say to the pieces; None where they say them."""
    for index, message in enumerate(state.messages):
        if not whole and index >= len(found):
            break
        part = found[index] if index < len(found) else Part(SURPLUS, SURPLUS, plain=True)
        if message.open:
            grows = not whole and index == len(found) - 1
            wanted = replace(part, text=open_end(part.text, text)) if grows else part
            step = _streamed(index, message, wanted, grows=grows)
        else:
            step = _edited(state, rung, index, part, whole=whole)
        if step:
            return step
    return _posted(state, rung, found, text, whole=whole)


def said(state: State, rung: Rung, found: Sequence[Part], *, whole: bool) -> int:
    """Count the pieces that stand in full. The last of a growing text does not: it will be longer."""
    count = 0
    for message, part in zip(state.messages, found if whole else found[:-1], strict=False):
        if message.says != mark(part.text) and rung.edit:
            break
        count += 1
    return count


def asked(channel: Channel, target: Target, state: State, step: Step) -> Request:
    """Give a step's request. Raises NoPlace."""
    rung = channel.rungs[state.rung]
    number = sum(left.said for left in state.left) + step.index
    pieces = [Piece(text=text, number=number + n, plain=step.plain) for n, text in enumerate(step.texts)]
    request: Request | None = None
    match step.kind:
        case Kind.SIGN:
            request = channel.sign(target)
        case Kind.UNSIGN:
            request = channel.unsign(target)
        case Kind.OPEN | Kind.POST:
            request = rung.post(target, pieces)
        case Kind.EDIT if rung.edit:
            request = rung.edit(target, state.messages[step.index].id, pieces[0])
        case Kind.START if rung.stream:
            request = rung.stream.start(target, pieces[0])
        case Kind.APPEND if rung.stream:
            request = rung.stream.append(target, state.messages[step.index].id, pieces[0])
        case Kind.STOP if rung.stream:
            request = rung.stream.stop(target, state.messages[step.index].id)
    if request is None:
        raise NoPlace("There is no way to answer there.")
    return request


def _streamed(index: int, message: Message, wanted: Part, *, grows: bool) -> Step | None:
    """Give what is to be added to a stream; it is stopped where adding is not enough."""
    if not begins(wanted.text, message.says):
        return Step(kind=Kind.STOP, index=index)
    new = wanted.text[length(message.says) :]
    if new:
        says = (mark(wanted.text),)
        return Step(kind=Kind.APPEND, index=index, texts=(new,), says=says, plain=wanted.plain)
    return None if grows else Step(kind=Kind.STOP, index=index)


def _edited(state: State, rung: Rung, index: int, wanted: Part, *, whole: bool) -> Step | None:
    says = mark(wanted.text)
    if not (rung.edit and state.messages[index].id) or state.messages[index].says == says:
        return None
    if not whole and state.edits >= rung.edits - 1:  # the last is for the whole answer
        return None
    return Step(kind=Kind.EDIT, index=index, texts=(wanted.text,), says=(says,), plain=wanted.plain)


def _posted(state: State, rung: Rung, found: Sequence[Part], text: str, *, whole: bool) -> Step | None:
    """Give what posts the pieces that no message says yet."""
    index = len(state.messages)
    fresh = list(found[index:])
    if not fresh or (not whole and rung.edits != inf and state.messages):
        return None
    kind, most = Kind.POST, rung.several
    if not whole:
        full = fresh[:-1]
        if full or not (rung.edit or rung.stream):
            fresh = full
        elif rung.stream and state.streams:
            kind, most = Kind.START, 1
            fresh = [Part(open_end(fresh[0].text, text), "", plain=fresh[0].plain)]
    fresh = [part for part in fresh[:most] if part.plain == fresh[0].plain]
    if not fresh or not fresh[0].text:
        return None
    texts = tuple(part.text for part in fresh)
    return Step(kind=kind, index=index, texts=texts, says=tuple(map(mark, texts)), plain=fresh[0].plain)
