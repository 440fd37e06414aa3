"""Dify for the length of one request: run an app, upload a file, give up."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dify_plugin.core.entities.plugin.io import PluginInStream
from dify_plugin.core.runtime import Session
from dify_plugin.core.server.__base.filter_reader import FilterReader
from dify_plugin.core.server.__base.request_reader import RequestReader

from provider.lines import Exchange
from provider.service_api.api import ServiceApi
from provider.service_api.cache import Kept
from provider.service_api.row import AppByKey
from provider.storage import SessionStorage
from relay.call import Call, Interface, Upload
from relay.event import Event
from relay.run.failure import Cancelled, UserNotFound, from_exception
from relay.run.inbox import Inbox

log = logging.getLogger("duck_relay")


# what apps declare; by endpoint, too: a process may serve several workspaces
DECLARED: Kept[tuple[str, str]] = Kept()


class SessionDify:
    """Calls Dify through an endpoint's session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.endpoint_id = session.endpoint_id or ""
        self.storage = SessionStorage(session)

    def anew(self) -> "SessionDify":
        """Give another way by the same session: one call that took too long keeps nobody else from asking."""
        return SessionDify(self._session)

    def is_heard(self) -> bool:
        """Ask for what costs Dify nothing, and tell whether it answers."""
        return self.storage.answers()

    def run(self, call: Call, inbox: Inbox) -> "SessionRun":
        """Prepare a run; it begins when its events are asked for."""
        return SessionRun(self._session, call, inbox, cancelled=self.storage.give_up)

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Ask Dify what the app takes; good for a minute."""
        return DECLARED.get((self.endpoint_id, app_id), lambda: self._session.app.fetch_app(app_id))

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        """Store a file in Dify."""
        stored = self._session.file.upload(upload.filename, upload.content, upload.mimetype)
        return stored.to_app_parameter()

    def by_key(self, base_url: str, key: str, *, told: bool) -> AppByKey:
        """Give the app of a key, by Dify's Service API: nothing of the session is used for it."""
        return AppByKey(ServiceApi(base_url, key), told=told)


class SessionRun:
    """One run of an app, whose events come by an inbox."""

    def __init__(self, session: Session, call: Call, inbox: Inbox, *, cancelled: Callable[[], None]) -> None:
        """Take whom to tell when Dify says that the caller is gone, before anyone takes the events before that."""
        self._session = session
        self._call = call
        self._inbox = inbox
        self._cancelled = cancelled
        self._exchange: Exchange[dict[str, Any]] | None = None
        self._waiting: list[FilterReader] = []
        self._left = False

    def events(self) -> Iterator[Event | None]:
        """Run the app, always streaming: agent apps can't answer in one piece."""
        call, said = self._call, False
        try:
            for event in self._stream(call):
                said = said or event is not None
                yield event
        except Exception as error:
            # Dify before 1.16 knows only its own end users; a conversation would be lost with its user. An app that
            # has said anything has run, whatever the error's words: it is not run twice.
            if (
                said
                or call.user is None
                or call.conversation_id is not None
                or not isinstance(from_exception(error, call.interface), UserNotFound)
            ):
                raise
            log.info("Dify does not know the user that the caller named: running without one")
            yield from self._stream(replace(call, user=None))

    def leave(self) -> None:
        """Stop waiting for the app's events; the SDK alone would wait for up to 250 s."""
        self._left = True
        if self._exchange:
            self._exchange.leave()
        while self._waiting:
            self._waiting.pop().close()

    def _stream(self, call: Call) -> Iterator[Event | None]:
        replies = self._invoke(call)
        if isinstance(replies, Exchange):
            self._exchange = replies
            replies.into(self._inbox, failed=self._failed)
        else:
            self._inbox.feed(self._by_the_sdk(replies))
        return self._inbox.events()

    def _by_the_sdk(self, replies: Iterator[dict[str, Any]]) -> Iterator[Event]:
        """Read as the SDK does, in the current thread; what it waits with is noted, so that it can be left."""
        reader = self._session.reader
        noting = reader if isinstance(reader, _Replies) else _Replies(reader, self._session.session_id)
        self._session.reader = noting  # type: ignore[assignment]  # the SDK calls no more of it than `read`
        with noting.noted_by(self._note):
            for reply in replies:
                if self._left:
                    return
                yield reply

    def _failed(self, error: Exception) -> None:
        if isinstance(from_exception(error, self._call.interface), Cancelled):
            self._cancelled()

    def _note(self, reader: FilterReader) -> None:
        self._waiting.append(reader)
        if self._left:
            self.leave()

    def _invoke(self, call: Call) -> Exchange[dict[str, Any]] | Iterator[dict[str, Any]]:
        app, inputs = self._session.app, dict(call.inputs)
        match call.interface:
            case Interface.WORKFLOW:
                return app.workflow.invoke(call.app_id, inputs, "streaming", user=call.user)
            case Interface.COMPLETION:
                return app.completion.invoke(call.app_id, inputs, "streaming", user=call.user)
            case Interface.CHAT | Interface.ANY:  # the chat interface carries all that the others do
                return app.chat.invoke(
                    call.app_id, call.query, inputs, "streaming", call.conversation_id, user=call.user
                )


class _Replies:
    """Stands in for the SDK's reader, to know which replies each run of a request waits for."""

    def __init__(self, reader: RequestReader, session_id: str) -> None:
        self._reader = reader
        self._session_id = session_id
        self._here = threading.local()  # the SDK makes the reader in the thread that reads

    @contextmanager
    def noted_by(self, note: Callable[[FilterReader], None]) -> Iterator[None]:
        """Tell of each reader that the current thread waits with from now on."""
        self._here.note = note
        try:
            yield
        finally:
            self._here.note = None

    def read(self, wanted: Callable[[PluginInStream], bool]) -> FilterReader:
        """Wait for the lines that `wanted` picks among this session's."""
        # every line of every session is offered to every reader, so the cheap question comes first
        reader = self._reader.read(lambda line: line.session_id == self._session_id and wanted(line))
        if note := getattr(self._here, "note", None):
            note(reader)
        return reader
