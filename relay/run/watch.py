"""One run of an app, watched to its end."""

from collections.abc import Iterable, Iterator

from relay.call import Interface
from relay.errors import AppFailed, RelayError
from relay.event import ENDS, Event, kind
from relay.run import failure
from relay.run.transcript import failure_of


class Watch:
    """Passes an app's events on, and knows afterwards how the run ended."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self.failed = ""  # why the app's workflow says that it failed or was stopped; "" when it did not

    def events(self, events: Iterable[Event | None]) -> Iterator[Event | None]:
        """Pass the events on, and make sure that a caller can tell a complete answer from a cut one.

        None, which stands where no event is here yet, passes as well.
        Raises RelayError for whatever way the app fails, its own `error` event included, and when the events stop
        without the app's end event (Dify loses events of a burst on the way to a plugin). A workflow that fails ends
        as any other: Dify sends its `workflow_finished` and no error.
        """
        complete = False
        self.failed = ""
        try:
            for event in events:
                if event is not None:
                    name = kind(event)
                    if name == "error":
                        raise failure.from_event(event, self._interface)
                    if name == "workflow_finished":
                        self.failed = failure_of(event)
                    complete = complete or name in ENDS
                yield event
        except RelayError:
            raise
        except Exception as error:
            raise failure.from_exception(error, self._interface) from error
        if not complete:
            raise AppFailed("The answer broke off: the app's end event did not arrive.")
