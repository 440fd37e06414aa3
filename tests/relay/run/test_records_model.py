"""Deliveries and their records beside a model of them, in all orders that Hypothesis thinks of."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relay.errors import DeliveryInProgress
from relay.run.deliveries import LEASE, Answer, Delivery
from relay.run.records import DAY, RecordsFull
from tests.relay.run.records import HEADS, SMALL, Clock, Process, lost, stored_records
from tests.relay.storage import Crashed, Shelf

LEAST_SHARE = SMALL.budget // (2 * 11)  # bytes: of three that live and eight that crashed a moment ago
PROCESSES = st.integers(0, 2)
NAMES = st.integers(0, 40).map(str)
SIZES = st.integers(0, 4_000)  # bytes


@dataclass(eq=False)
class Run:
    """A delivery that runs, as the model sees it."""

    delivery: Delivery
    name: str
    process: Process
    until: float  # seconds since 1970
    contested: bool = False  # a process crashed while it perhaps took the delivery over


class Model(RuleBasedStateMachine):
    """Several processes that come, go and crash; their calls don't meet inside the pause of a claim."""

    @initialize()
    def open(self) -> None:
        self.shelf, self.clock = Shelf(), Clock()
        self.processes = [Process(self.shelf, self.clock) for _ in range(3)]
        assert self.delivery(Process(self.shelf, self.clock), "0", endpoint_id="other").begin() is None
        self.others = dict(self.shelf.values)
        self.runs: list[Run] = []
        self.owners: dict[str, Run] = {}
        self.unsure: dict[str, float] = {}  # until when a process that crashed may seem to run it
        self.bodies: dict[str, set[str]] = {}  # that it was finished with
        self.crashes = 0

    def delivery(self, process: Process, name: str, endpoint_id: str = "e") -> Delivery:
        return Delivery(process.records(SMALL, endpoint_id), delivery_id=name, app_id="a", fingerprint="f")

    def leased(self, name: str) -> bool:
        return name in self.owners and self.owners[name].until > self.clock.now

    @rule(process=PROCESSES, name=NAMES)
    def begin(self, process: int, name: str) -> None:
        self._begin(self.processes[process], name)

    def _begin(self, process: Process, name: str) -> None:
        delivery = self.delivery(process, name)
        try:
            answer = delivery.begin()
        except RecordsFull:
            unfinished = [one for one in stored_records(self.shelf).values() if one.get("until", 0) > self.clock.now]
            assert len(unfinished) > LEAST_SHARE // (SMALL.reserve + 96)
            return
        except DeliveryInProgress:
            held = any(run.name == name and run.until > self.clock.now for run in self.runs)  # contested: two had it
            assert held or self.leased(name) or self.unsure.get(name, 0) > self.clock.now
            return
        if answer is None:
            assert not self.leased(name)
            self.owners[name] = Run(delivery, name, process, self.clock.now + LEASE)
            self.runs.append(self.owners[name])
        else:
            assert answer.body in self.bodies[name]

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), size=SIZES)
    def finish(self, data: st.DataObject, size: int) -> None:
        run = data.draw(st.sampled_from(self.runs))
        self._finish(run, size)
        self._conclude(run)

    def _finish(self, run: Run, size: int) -> None:
        self.bodies.setdefault(run.name, {""}).add("x" * size)
        run.delivery.finish(Answer(status=200, media_type="text/plain", body="x" * size))
        if (owner := self.owners.get(run.name, run)) is not run and not self.leased(run.name):
            owner.contested = True  # its record may have expired, and this one stands for it

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        run.delivery.fail()
        self._conclude(run)

    def _conclude(self, run: Run) -> None:
        self.runs.remove(run)
        if self.owners.get(run.name) is run:
            del self.owners[run.name]

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        owner = self.owners.get(run.name)
        renewed = run.delivery.renew()
        if owner is run:
            assert renewed or run.contested
        elif self.leased(run.name):
            assert not renewed
        if renewed:
            self.owners[run.name] = run
            run.until = self.clock.now + LEASE

    @rule(seconds=st.sampled_from([0.1, 3, 9, 26, 190, 210, 605, DAY + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.crashes < 8)
    @rule(process=PROCESSES, calls=st.integers(0, 12), name=NAMES, size=SIZES)
    def crash(self, process: int, calls: int, name: str, size: int) -> None:
        """End a process between two of its calls, while it finishes a delivery or begins one."""
        crashing = self.processes[process]
        mine = [run for run in self.runs if run.process is crashing]
        self.shelf.crash_after = calls
        try:
            if mine:
                name = mine[0].name
                self._finish(mine[0], size)
            else:
                self._begin(crashing, name)
        except Crashed:
            pass
        finally:
            self.shelf.crash_after = None
        self.unsure[name] = self.clock.now + LEASE
        if name in self.owners:
            self.owners[name].contested = True
            if self.owners[name].process is crashing:
                del self.owners[name]
        self.runs = [run for run in self.runs if run.process is not crashing]
        self.processes[process] = Process(self.shelf, self.clock)
        self.crashes += 1

    @invariant()
    def nothing_is_lost_and_all_is_bounded(self) -> None:
        assert lost(self.shelf) == []
        assert self.shelf.stored < 2.1 * SMALL.budget + 12 * HEADS

    @invariant()
    def what_runs_has_its_record(self) -> None:
        marks = {record["mark"] for record in stored_records(self.shelf).values() if record["state"] == "running"}
        running = [run for run in self.runs if run.until > self.clock.now and not run.contested]
        assert {run.delivery._mark for run in running} <= marks

    @invariant()
    def no_other_endpoint_is_touched(self) -> None:
        assert self.others.items() <= self.shelf.values.items()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=100, deadline=None)
