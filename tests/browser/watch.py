"""What the relay's pages never do: load anything beside themselves, or run against their own policy."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Request


class Watch:
    """Notes what a browser was made to ask for, and what it refused."""

    def __init__(self, context: BrowserContext, *own: str) -> None:
        self.requests: list[str] = []  # that no navigation of ours is
        self.refused: list[str] = []  # in the browser's words
        self._own = own  # where what is opened may lie
        context.on("request", self._asked)
        context.on("console", self._told)

    def check(self) -> None:
        assert (self.requests, self.refused) == ([], [])

    def _asked(self, request: Request) -> None:
        if not (request.is_navigation_request() and request.url.startswith(self._own)):
            self.requests.append(f"{request.resource_type} {request.url}")

    def _told(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.refused.append(message.text)
