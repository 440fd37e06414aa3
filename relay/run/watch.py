"""One run of an app, watched to its end."""

from collections.abc import Iterable, Iterator

from relay.call import Interface
from relay.errors import AppFailed, RelayError
from relay.event import ENDS, Event, kind
from relay.run import failure


def watch(events: Iterable[Event], interface: Interface) -> Iterator[Event]:
    """Pass an app's events on, and make sure that a caller can tell a complete answer from a cut one.

    Raises RelayError for whatever way the app fails, its own `error` event included, and when the events stop
    without the app's end event (Dify loses events of a burst on the way to a plugin).
    """
    complete = False
    try:
        for event in events:
            if kind(event) == "error":
                raise failure.from_event(event, interface)
            complete = complete or kind(event) in ENDS
            yield event
    except RelayError:
        raise
    except Exception as error:
        raise failure.from_exception(error, interface) from error
    if not complete:
        raise AppFailed("The answer broke off: the app's end event did not arrive.")
