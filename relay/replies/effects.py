"""What a response changes in what is known of an answer."""

from relay.outward import Response
from relay.replies.channel import Outcome, Rung, Verdict
from relay.replies.state import NEW, Kind, Message, State, Step

MOST_DOUBLED = 12  # the pauses are 1, 2, 4 … s
SERVER_ERROR = 500
NAMELESS = "the API did not name the message that it took"


def done(state: State, rung: Rung, step: Step, response: Response) -> None:
    state.tries, state.again, state.doubt = 0, None, False
    if step.kind is Kind.STOP:
        state.messages[step.index].open = False
    elif step.kind not in NEW:
        state.messages[step.index].says = step.says[0]
    else:
        posted = rung.posted(response)
        state.opened = state.opened or step.kind is Kind.OPEN
        if step.kind is Kind.OPEN and not (posted and rung.edit):
            return  # what can't be edited is no part of the answer
        if rung.edit and not posted:  # what it says now is all that it will ever say
            state.leave, state.reason = True, NAMELESS
        ids = ["" for _ in step.texts[1:]] + [posted]
        opened = step.kind is Kind.START
        state.messages += [Message(id=i, says=says, open=opened) for i, says in zip(ids, step.says, strict=True)]


def pause(state: State) -> float:
    """Give the seconds to wait before the same once more."""
    return 2.0 ** min(state.tries, MOST_DOUBLED)


def again(state: State, step: Step, response: Response) -> None:
    """Keep what has to be repeated as it was, and forget what a message says that may say something else by now."""
    state.tries += 1
    unsure = response.arrived and (not response.status or response.status >= SERVER_ERROR)
    if step.kind in NEW:
        if step.repeatable:
            state.again, state.doubt = step, state.doubt or unsure
    elif unsure and step.kind is not Kind.STOP:
        state.messages[step.index].says = ""


def bare(state: State, step: Step) -> bool:
    """Take the formatting out, from what was refused on. False where there was none."""
    if step.plain or step.kind in {Kind.OPEN, Kind.STOP}:
        return False
    state.again, state.doubt = None, False
    state.plain_from = step.index if state.plain_from is None else min(state.plain_from, step.index)
    return True


def leave(state: State, step: Step, verdict: Verdict) -> None:
    """Leave the stream, or else the rung."""
    match step.kind:
        case Kind.START:
            state.streams = False
        case Kind.APPEND:
            state.messages[step.index].says = ""  # it is stopped, then edited
        case Kind.STOP:
            state.messages[step.index].open = False
        case _:
            state.leave, state.again, state.reason = True, None, verdict.reason


def signed(state: State, step: Step, verdict: Verdict) -> None:
    """Take what a sign of life came to: it is worth no trouble."""
    if step.kind is Kind.SIGN:
        state.signed = state.signed or verdict.outcome is Outcome.DONE
        state.signs = verdict.outcome is not Outcome.NEVER
