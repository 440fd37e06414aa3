"""One run of an app in a request: its events, with the conversation's memory around them."""

from collections.abc import Callable, Generator, Iterator
from functools import partial

from relay.call import Call, Interface
from relay.errors import RelayError
from relay.event import Event
from relay.host import Host
from relay.run import files
from relay.run.dify import Dify, Running
from relay.run.failure import from_exception
from relay.run.inbox import Inbox
from relay.run.memory import Memory
from relay.run.records import Records
from relay.run.watch import Watch


class App:
    """One run, which begins when its events are asked for."""

    def __init__(self, dify: Dify, host: Host, *, interface: Interface, request_id: str) -> None:
        """Take Dify, the process, and the id of the request that the run is for."""
        self.inbox = Inbox(host.bell())
        self.watch = Watch(interface)
        self._dify = dify
        self._mark = partial(host.mark, request_id)
        self._running: list[Running] = []  # one, or a second where the first was refused

    def upload(self, call: Call) -> Call:
        """Hand the call's files to Dify. Raises RelayError."""
        if not call.uploads:
            return call
        try:
            return files.upload(call, partial(self._dify.upload, app_id=call.app_id, user=call.user))
        except RelayError:
            raise
        except Exception as error:
            raise from_exception(error, call.interface) from error

    def events(
        self, call: Call, *, memory: Records | None = None, thread: str | None = None
    ) -> Iterator[Event | None]:
        """Run the app, in the conversation that `memory` knows of the user in this thread."""
        if memory is None:
            return self.invoke(call)
        return Memory(records=memory, aside=self.aside, thread=thread).run(call, self.invoke)

    def leave(self) -> None:
        """Give the run up."""
        for running in self._running:
            running.leave()

    def invoke(self, call: Call) -> Iterator[Event | None]:
        """Run the app as the call says."""
        self._running.append(self._dify.run(call, self.inbox))
        return self.watch.events(self._running[-1].events())

    def aside[T](self, act: Callable[[], T]) -> Generator[None, None, T]:
        """Let the storage take its time, in a thread of its own, which works for this request, too."""

        def work() -> T:
            self._mark()
            return act()

        return self.inbox.aside(work)
