"""What one process has in hand of an endpoint's later deliveries: whose turn it is, and who begins them.

A run needs a request of its own: the plugin makes it to its own address, and holds it open until it has ended. The
end of one begins the next, and needs no request for that.
"""

import logging
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from relay.later.arrivals import Arrivals
from relay.later.lasting import Lasting
from relay.later.ledger import Ledger
from relay.later.turns import Turn, Turns
from relay.outward import Own, Started
from relay.run.dify import Session
from relay.run.records import WRITER, Entry

log = logging.getLogger("duck_relay")

PATIENCE = (
    2.0  # seconds that an acknowledgement waits for the run's first sign: the strictest sender waits for 2 to 3
)
ONCE_MORE = (2.0, 10.0, 30.0)  # seconds until a run that did not begin is asked for again
ANEW = 3600.0  # seconds, after which what is in hand gets a record of today: as any other it is kept for a day
OUT_OF_REACH = 30.0  # seconds in which an own address that nobody hears is not tried again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One delivery that this process sees to. Each stands for itself: of one delivery the latest counts."""

    id: str
    token: str = field(repr=False)
    base: str  # the endpoint's address, as the plugin reaches it
    conversation: Hashable
    tries: int = 0  # times that its run was asked for in vain


class Desk:
    """One endpoint's deliveries in this process."""

    def __init__(self, own: Own, elapsed: Callable[[], float], *, writer: str = WRITER) -> None:
        """Take `elapsed`, seconds that never go back, and what marks this process among those that write."""
        self.cancels: dict[str, Callable[[], None]] = {}  # those that run here, and how to end them
        self.refused: str | None = None  # what the last delivery lacked whose signature was refused here
        self.looked = float("-inf")  # when this process last looked for what others left, by `elapsed`
        self.lasting = Lasting(elapsed)
        self.arrivals = Arrivals()
        self.looks_again = False  # somebody does so soon
        self.writer = writer
        self._own = own
        self._elapsed = elapsed
        self._turns: Turns[Job] = Turns()
        self._jobs: dict[str, Job] = {}
        self._hand: set[str] = set()  # unfinished, as far as is known here
        self._written: tuple[str, ...] = ()
        self._entry: Entry | None = None
        self._writing = threading.Lock()
        self._unreachable: dict[str, float] = {}  # by address, until when
        self._heard: set[str] = set()  # addresses at which a run has begun

    # --- what is in hand

    @property
    def hand(self) -> tuple[str, ...]:
        return tuple(sorted(self._hand))

    @property
    def idle(self) -> tuple[str, ...]:
        """What is in hand, and nobody works at it or waits for it."""
        return tuple(sorted(self._hand - self._jobs.keys() - self.cancels.keys()))

    def keep(self, id_: str) -> bool:
        """Take a delivery in hand, before it is told as accepted; False where it is so already."""
        known = id_ in self._hand
        self._hand.add(id_)
        return not known

    def drop(self, id_: str) -> None:
        """Have done with a delivery."""
        self._hand.discard(id_)

    def write(self, ledger: Ledger, *, beat: bool = False) -> None:
        """Write what is in hand, if that has changed or `beat` says so. Raises StorageFailed.

        What comes together is written together.
        """
        wanted = self.hand
        with self._writing:
            if not beat and self._written == self.hand:
                return
            if not beat and set(wanted) <= set(self._written):
                return  # fewer than were written: nothing can be lost by that
            ids = self.hand
            if self._entry and ledger.clock() - self._entry.at > ANEW:
                self._entry = None
            self._entry = ledger.write_hand(self.writer, ids, self._entry)
            self._written = ids

    # --- turns

    def reachable(self, base: str | None) -> bool:
        """Tell whether it is worth trying this address."""
        return base is not None and self._elapsed() >= self._unreachable.get(base, 0.0)

    @property
    def full(self) -> bool:
        """Tell whether so many wait that a further one is refused."""
        return self._turns.full

    def enter(self, job: Job) -> Turn:
        """Ask for a delivery's turn. With NOW it is to be begun, with LATER it is begun when its turn has come."""
        self._jobs[job.id] = job
        turn = self._turns.enter(job, job.conversation)
        if turn is Turn.FULL:
            del self._jobs[job.id]
        return turn

    def begin(self, job: Job) -> Started:
        """Ask for the run of a delivery whose turn it is, and wait for its first sign.

        Where that can't be had, the turn is given back: REFUSED, UNREACHABLE. So it is where nothing comes from an
        address at which no run has ever begun: that is slow, or not the plugin's, and the run may begin after all.
        """
        started = self._heard_of(job.base, self._start(job))
        if started in {Started.REFUSED, Started.UNREACHABLE}:
            self._leave(job)
        return started

    @contextmanager
    def lent(self, base: str | None) -> Iterator[Session | None]:
        """Lend a session that no sender can end, by a request of ours; None where that can't be had."""
        if base is None or not self.reachable(base):
            yield None
            return

        def ask(id_: str, token: str, ended: Callable[[bool], None]) -> Started:
            return self._heard_of(base, self._own.start(base, id_, token, patience=PATIENCE, ended=ended))

        with self.lasting.lent(ask) as session:
            yield session

    def _heard_of(self, base: str, started: Started) -> Started:
        """Note what is known of an address by now."""
        if started is Started.RUNNING:
            self._heard.add(base)
        elif started is Started.UNKNOWN and base not in self._heard:
            started = Started.UNREACHABLE
        if started is Started.UNREACHABLE:
            self._unreachable[base] = self._elapsed() + OUT_OF_REACH
        return started

    def later(self, job: Job, seconds: float) -> None:
        """Ask for a delivery's run after a while."""
        self._jobs[job.id] = job
        self._own.after(seconds, partial(self._come_back, job))

    def forget(self, id_: str) -> None:
        """Take a delivery out of its queue."""
        if job := self._jobs.get(id_):
            self._leave(job)

    def _come_back(self, job: Job) -> None:
        if self._jobs.get(job.id) is job and self.enter(job) is Turn.NOW:
            self._go_on(job)

    def _go_on(self, job: Job) -> None:
        """Begin a delivery that waited. Nobody hears of it when that fails: it is tried again."""
        if self._jobs.get(job.id) is not job:
            self._leave(job)  # a later one is for the same delivery
        elif self._start(job) in {Started.REFUSED, Started.UNREACHABLE}:
            self._leave(job)
            self._once_more(job)

    def _once_more(self, job: Job) -> None:
        if job.tries >= len(ONCE_MORE):
            log.warning("a delivery's run could not be asked for: it is looked for again with the next requests")
            return
        again = Job(id=job.id, token=job.token, base=job.base, conversation=job.conversation, tries=job.tries + 1)
        self.later(again, ONCE_MORE[job.tries])

    def _start(self, job: Job) -> Started:
        return self._own.start(job.base, job.id, job.token, patience=PATIENCE, ended=partial(self._ended, job))

    def _ended(self, job: Job, whole: bool) -> None:
        self._leave(job)
        if whole:
            if job.id not in self._jobs:  # nothing of it is left to be done here
                self.drop(job.id)
        elif job.id in self._hand and job.id not in self._jobs:
            self._once_more(job)

    def _leave(self, job: Job) -> None:
        if self._jobs.get(job.id) is job:
            del self._jobs[job.id]
        for waiting in self._turns.leave(job):
            self._own.after(0, partial(self._go_on, waiting))


_desks: dict[str, Desk] = {}
_desks_lock = threading.Lock()


def desk_of(endpoint_id: str, own: Own, elapsed: Callable[[], float]) -> Desk:
    """Give the desk of an endpoint in this process."""
    with _desks_lock:
        if endpoint_id not in _desks:
            _desks[endpoint_id] = Desk(own, elapsed)
        return _desks[endpoint_id]
