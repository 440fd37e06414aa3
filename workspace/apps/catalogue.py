"""Finds the app an id stands for and runs it by Dify's rules."""

from collections.abc import AsyncIterator, Mapping

from workspace.apps import scripted
from workspace.apps.answer import blocking
from workspace.apps.app import App, AppCall, Event, invalid_param


class Catalogue:
    """The named apps of this workspace, and the scripted ones.

    Source: api/core/plugin/backwards_invocation/app.py of Dify, which picks the interface by the app's mode.
    """

    def __init__(self, named: Mapping[str, App]) -> None:
        self.named = named

    def find(self, app_id: str) -> App:
        """Return the app that an id stands for. Raises Refused when there is none."""
        app = self.named.get(app_id) or scripted.find(app_id)
        if app is None:
            raise invalid_param("app not found")
        return app

    async def parameters(self, app_id: str) -> Event:
        """Return what fetch_app tells. Raises Refused for an unknown app."""
        return await self.find(app_id).parameters()

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        """Yield the events of a call, or its one blocking answer. Raises Refused and Broken."""
        app = self.find(call.app_id)
        mode = await app.mode()
        if mode in {"chat", "agent-chat", "advanced-chat"} and not call.query:
            raise invalid_param("missing query")
        if call.response_mode != "blocking":
            async for event in app.run(call):
                yield event
            return
        if mode == "agent-chat":
            raise invalid_param("Agent Chat App does not support blocking mode")
        yield blocking([event async for event in app.run(call)], mode)
