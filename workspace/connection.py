"""What ASGI has no word for: a connection that is closed in the middle of things."""

from typing import Any

from starlette.types import Receive


async def cut(receive: Receive) -> bool:
    """Close the connection of a request as it stands; False where the server does not let it be reached."""
    cycle: Any = getattr(receive, "__self__", None)  # uvicorn's request cycle has the transport
    transport = getattr(cycle, "transport", None)
    if transport is None:
        return False
    transport.abort()
    await gone(receive)
    return True


async def gone(receive: Receive) -> None:
    """Wait until whoever sent a request has hung up. Its body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
