"""One answer on its way into one channel."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Any, Self

from relay.outward import Request, Response
from relay.replies import effects, steps
from relay.replies.channel import Channel, NoPlace, Outcome, Rung, Target, Verdict
from relay.replies.lost import LOST
from relay.replies.pieces import Part, Pieces
from relay.replies.state import NEW, SIGNS, Kind, Left, State, Step

NOTHING = "The app gave no answer."
UNKNOWN = "it is not known whether it arrived"
REFUSED = "the API refused it"
NO_WAY = "there is no way left to answer there"


def _nothing() -> None:
    pass


class Saying:
    """Tells what to send next, and is told what came of it. Not to be shared between threads.

    Each request is followed by `told`; where it is not, it is not known whether the request arrived. Times are of a
    clock that never goes back, in seconds, but for `wall`, which are seconds since 1970.
    """

    def __init__(self, channel: Channel, target: Target, *, now: float, rest: Callable[[], None] = _nothing) -> None:
        """`rest` lets others work, where an answer takes long to be cut."""
        self._channel = channel
        self._target = target
        self._state = State(failed=channel.needs(target))
        self._held, self._sign_at = now + channel.settle, now
        self._last = -inf
        self._placed = False  # whether it was looked for a rung that is usable
        self._quiet: tuple[str, bool] | None = None  # the text of which there was nothing to send
        self._whole: str | None = None  # the whole text that was sent of last
        self._pieces = Pieces(channel.rungs, rest)

    @classmethod
    def load(
        cls,
        channel: Channel,
        target: Target,
        dumped: Mapping[str, Any],
        *,
        now: float,
        retry: bool = False,
        rest: Callable[[], None] = _nothing,
    ) -> Self:
        """Go on with what `dump` gave. With `retry` also where it had failed: what was missing may be there now.

        What was under way is not known to have arrived, and is not sent again because of `retry` alone.
        """
        saying = cls(channel, target, now=now, rest=rest)
        needs, saying._state = saying.failed, State.load(dumped)
        state = saying._state
        if retry and not state.finished:
            state.leave = state.leave and not state.failed
            state.failed, state.tries = needs, 0
            if state.flight:
                saying._settle(state.flight, _lost(state.flight, Response()), Response(), now)
        return saying

    def dump(self) -> dict[str, Any]:
        """Give all that is to be known to go on, as a JSON object."""
        return self._state.dump()

    @property
    def finished(self) -> bool:
        """Tell whether all of a whole answer has been said."""
        return self._state.finished

    @property
    def failed(self) -> str:
        """Tell why the answer can't be said; "" while it can."""
        return self._state.failed

    def due(self, *, whole: bool, text: str, now: float) -> float:
        """Tell when to ask for the next request; infinity: not before the text changes."""
        if self.failed or self.finished:
            return inf
        if self._state.flight or not self._placed:
            return now
        sign = self._sign_at if self._signs(text, whole=whole) else inf
        return max(now, min(self._ready(text, whole=whole), sign))

    def request(self, text: str, *, whole: bool, now: float, wall: float) -> Request | None:
        """Give the next request; None when there is nothing to send now.

        `text` is the answer so far, as Markdown, and `whole` once it will not change any more.
        """
        flight = self._state.flight
        if flight:
            self._settle(flight, _lost(flight, Response()), Response(), now)
        if self.failed or self.finished:
            return None
        try:
            if not self._placed and not self._place(text, whole=whole, wall=wall):
                return None
            if now >= self._ready(text, whole=whole):
                step = self._choose(text, whole=whole, wall=wall)
                if step:
                    return self._send(step, now, text, whole=whole)
                self._quiet = (text, whole)
            if not self.failed and now >= self._sign_at and self._signs(text, whole=whole):
                return self._send(Step(kind=Kind.SIGN), now, text, whole=whole)
        except NoPlace as error:
            self._state.failed = str(error)
        return None

    def told(self, request: Request, response: Response, *, now: float, wall: float) -> Verdict:  # noqa: ARG002
        """Take what came back for the request given last, and tell what it means."""
        step = self._state.flight
        if step is None:
            raise ValueError("Nothing was asked.")
        if not response.status:
            verdict = _lost(step, response)
        elif response.status in LOST and step.kind in NEW and not step.repeatable:
            verdict = Verdict(outcome=Outcome.NEVER, reason=UNKNOWN)
        else:
            verdict = self._channel.judge(request, response)
        return self._settle(step, verdict, response, now)

    @property
    def _rung(self) -> Rung:
        return self._channel.rungs[self._state.rung]

    def _ready(self, text: str, *, whole: bool) -> float:
        """Give when the next request that says something may go."""
        state, rung = self._state, self._rung
        if state.again or state.leave or steps.opens(state, rung, text, whole=whole):
            return self._held
        if self._quiet == (text, whole) or not (whole or text.strip()):
            return inf
        if whole:
            return max(self._held, self._last + rung.gap)
        streams = rung.stream and state.streams and (not state.messages or state.messages[-1].open)
        pace = rung.stream.pace if rung.stream and streams else rung.pace
        return inf if pace == inf else max(self._held, self._last + pace)

    def _signs(self, text: str, *, whole: bool) -> bool:
        state = self._state
        says = whole or state.messages or state.left or state.opened or (text.strip() and self._rung.pace != inf)
        if says or not state.signs:
            return False
        try:
            return self._channel.sign(self._target) is not None
        except NoPlace:
            return False

    def _place(self, text: str, *, whole: bool, wall: float) -> bool:
        """Go to the first rung that is usable, unless something stands on this one. False where there is none."""
        state = self._state
        self._placed = bool(state.messages or state.again or self._rung.usable(self._target, wall))
        self._placed = self._placed or self._climb(text, whole=whole, wall=wall)
        if not self._placed:
            state.failed = state.reason or NO_WAY
        return self._placed

    def _choose(self, text: str, *, whole: bool, wall: float) -> Step | None:
        """Give the next step, on a rung that is usable now."""
        state = self._state
        while True:
            step = state.again or self._step(text, whole=whole)
            if step is None and whole:
                return self._end()
            full = step is not None and step.kind in NEW and len(state.messages) >= self._rung.most
            if not (state.leave or full) and self._rung.usable(self._target, wall):
                return step
            if state.doubt:
                state.failed = UNKNOWN
                return None
            if not self._climb(text, whole=whole, wall=wall):
                state.failed = state.reason or NO_WAY
                return None

    def _step(self, text: str, *, whole: bool) -> Step | None:
        state, rung = self._state, self._rung
        if steps.opens(state, rung, text, whole=whole):
            return steps.opening(rung)
        if not whole and not text.strip():
            return None
        return steps.difference(state, rung, self._parts(text, whole=whole), text, whole=whole)

    def _end(self) -> Step | None:
        state = self._state
        if state.signed and self._channel.unsign(self._target) is not None:
            return Step(kind=Kind.UNSIGN)
        state.finished = True
        return None

    def _parts(self, text: str, *, whole: bool) -> list[Part]:
        found = self._pieces.of(text, self._state)
        return found if found or not whole or self._state.left else self._pieces.of(NOTHING, self._state)

    def _climb(self, text: str, *, whole: bool, wall: float) -> bool:
        """Go to the next rung that is usable, with what was not said in full. False where there is none."""
        state, rungs = self._state, self._channel.rungs
        usable = (number for number in range(state.rung + 1, len(rungs)) if rungs[number].usable(self._target, wall))
        found = next(usable, None)
        if found is None:
            return False
        pieces = self._parts(text, whole=whole) if whole or text.strip() else []
        said = steps.said(state, self._rung, pieces, whole=whole)
        if state.messages or state.left:
            state.left.append(Left(rung=state.rung, said=said, plain_from=state.plain_from))
        if state.plain_from is not None:
            state.plain_from = max(state.plain_from - said, 0)
        state.rung, state.messages = found, []
        state.leave, state.again, state.streams, state.edits = False, None, True, 0
        return True

    def _send(self, step: Step, now: float, text: str, *, whole: bool) -> Request:
        state = self._state
        request = steps.asked(self._channel, self._target, state, step)
        state.flight = replace(step, repeatable=request.repeatable)
        if step.kind is Kind.SIGN:
            self._sign_at = now + self._channel.sign_every
        elif step.kind is Kind.UNSIGN:
            state.signed = False
        else:
            self._last = now
            self._whole = text if whole else None
            state.edits += step.kind is Kind.EDIT and not whole
        return request

    def _settle(self, step: Step, verdict: Verdict, response: Response, now: float) -> Verdict:
        state = self._state
        state.flight = self._quiet = None
        if step.kind not in SIGNS:
            self._last = now  # the API counts from when it came there, which is later than when it was sent
        if step.kind in SIGNS:
            effects.signed(state, step, verdict)
            self._sign_at = max(self._sign_at, now + verdict.after)
        elif verdict.outcome is Outcome.DONE:
            effects.done(state, self._rung, step, response)
        elif verdict.outcome is Outcome.AGAIN:
            self._held = now + (verdict.after or effects.pause(state))
            effects.again(state, step, response)
        elif verdict.outcome is Outcome.PLAIN and effects.bare(state, step):
            pass
        elif verdict.outcome is Outcome.NEXT and not state.doubt:
            effects.leave(state, step, verdict)
            self._last = -inf  # nothing was said
        elif step.kind is Kind.OPEN and verdict.reason == UNKNOWN:
            state.opened = True  # it may stand there without end, which is better than no answer
        else:
            state.failed = UNKNOWN if state.doubt else verdict.reason or REFUSED
            verdict = Verdict(outcome=Outcome.NEVER, reason=state.failed)
        if self._whole is not None and not (state.failed or state.leave or self._step(self._whole, whole=True)):
            self._end()
        return verdict


def _lost(step: Step, response: Response) -> Verdict:
    """Judge that nothing came back."""
    if response.arrived and step.kind in NEW and not step.repeatable:
        return Verdict(outcome=Outcome.NEVER, reason=UNKNOWN)
    return Verdict(outcome=Outcome.AGAIN, reason=response.problem or "nothing came back")
