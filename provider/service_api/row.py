"""Dify's Service API as the relay's second way to an app: see `relay.run.dify.KeyedApp`."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from provider.service_api.api import ServiceApi
from provider.service_api.cache import Kept
from provider.service_api.deadline import Line
from provider.service_api.problems import Kind, Problem
from provider.service_api.told import error_of
from relay.call import Call, Interface, Upload
from relay.errors import AppFailed, NotFound, ServiceApiUnusable
from relay.event import ENDS, Event, kind
from relay.foreign import for_log
from relay.run.failure import ConversationNotFound, from_event
from relay.run.inbox import Inbox

if TYPE_CHECKING:
    from provider.service_api.stream import Stream

log = logging.getLogger("duck_relay")

USER = "duck-relay"  # Dify runs nothing for nobody
LINGER = 10.0  # seconds of a stream without an event behind the app's end: speech may go on, and pings say nothing
GRACE = 30.0  # seconds that a run that was left has to name its task, without which it can't be stopped

INTERFACES: Mapping[str, Interface] = {
    "chat": Interface.CHAT,
    "agent-chat": Interface.CHAT,
    "advanced-chat": Interface.CHAT,
    "workflow": Interface.WORKFLOW,
    "completion": Interface.COMPLETION,
}
RUN: Mapping[Interface, str] = {
    Interface.CHAT: "/chat-messages",
    Interface.WORKFLOW: "/workflows/run",
    Interface.COMPLETION: "/completion-messages",
}
STOP: Mapping[Interface, str] = {
    Interface.CHAT: "/chat-messages/{}/stop",
    Interface.WORKFLOW: "/workflows/tasks/{}/stop",
    Interface.COMPLETION: "/completion-messages/{}/stop",
}
OF_ANOTHER_MODE = frozenset({"not_chat_app", "not_workflow_app", "app_unavailable"})  # the last of completion apps
GIVEN_UP = frozenset({Kind.SILENT, Kind.TOO_LONG, Kind.TOO_MUCH})  # by the relay, while the app goes on
CUT_OFF = GIVEN_UP | {Kind.BROKEN}

# bytes of what Dify tells of an app: it is kept
LARGEST: Mapping[str, int] = {"/info": 256 * 1024, "/site": 256 * 1024, "/parameters": 1024 * 1024}
# by base, key and path
TOLD: Kept[tuple[str, str, str]] = Kept()


class AppByKey:
    """One app, by its key. What goes wrong is a RelayError, which names a setting to its owner alone."""

    def __init__(self, api: ServiceApi, *, told: bool) -> None:
        """Take a client of the app, and `told` as of ServiceApiUnusable."""
        self._api = api
        self._told = told

    def interface(self, otherwise: Interface = Interface.ANY) -> Interface:
        """Tell by which interface the app answers, `otherwise` where Dify tells none that is known."""
        mode = self.info().get("mode")
        if interface := INTERFACES.get(mode if isinstance(mode, str) else ""):
            return interface
        if otherwise is not Interface.ANY:
            return otherwise
        what = "the app is of a mode that the relay does not know" if mode else "Dify does not tell the app's mode"
        raise ServiceApiUnusable(f"app_keys: {what}, so it can't be run by its key", told=self._told)

    def parameters(self) -> Mapping[str, Any]:
        return self._about("/parameters")

    def info(self) -> Mapping[str, Any]:
        return self._about("/info")

    def site(self) -> Mapping[str, Any]:
        return self._about("/site")

    def upload(self, upload: Upload, user: str | None) -> Mapping[str, Any]:
        try:
            stored = self._api.upload(upload.filename, upload.content, upload.mimetype, user or USER)
        except Problem as problem:
            raise error_of(problem, told=self._told) from None
        return {
            "type": upload.type or "document",
            "transfer_method": "local_file",
            "upload_file_id": stored["id"],
        }

    def run(self, call: Call, inbox: Inbox) -> "RunByKey":
        return RunByKey(self, self._api, call, inbox, told=self._told)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        if not {".", ".."}.isdisjoint(path.split("/")):
            raise NotFound("There is no such resource.")  # it would be one of another path
        try:
            return self._api.ask(method, path, query=query, body=body)
        except Problem as problem:
            raise error_of(problem, told=self._told) from None

    def forget(self) -> None:
        """Ask anew for what Dify tells of the app: it is another than it was."""
        for path in LARGEST:
            TOLD.drop((self._api.base_url, self._api.key, path))

    def _about(self, path: str) -> Mapping[str, Any]:
        try:
            return TOLD.get((self._api.base_url, self._api.key, path), lambda: self._ask_about(path))
        except Problem as problem:
            raise error_of(problem, told=self._told) from None

    def _ask_about(self, path: str) -> Mapping[str, Any]:
        try:
            told = self._api.ask("GET", path, largest=LARGEST[path])
        except Problem as problem:
            if problem.status == 404:  # Dify's own, too: each app of a Dify that is new enough has all of them
                raise Problem(Kind.FOREIGN, f"it has no {path}", status=404) from None
            raise
        if not isinstance(told, Mapping):
            raise Problem(Kind.FOREIGN, f"its {path} is no JSON object")
        return told


class RunByKey:
    """One run of an app by its key, whose events come by an inbox: see `relay.run.dify.Running`."""

    def __init__(self, app: AppByKey, api: ServiceApi, call: Call, inbox: Inbox, *, told: bool) -> None:
        self._app = app
        self._api = api
        self._call = call
        self._inbox = inbox
        self._told = told
        self._user = call.user or USER
        self._interface = call.interface
        self._line = Line()
        self._stream: Stream | None = None
        self._lock = threading.Lock()
        self._begun = False
        self._left = False
        self._given_up = False
        self._ended = False  # the app's last event has come
        self._over = False  # nothing is read any more: Dify may leave a stream open behind that event
        self._task_id = ""
        self._stoppable = threading.Event()  # the task is named, or never will be

    def events(self) -> Iterator[Event | None]:
        self._begun = True
        self._inbox.feed(self._read())
        return self._inbox.events()

    def leave(self) -> None:
        with self._lock:
            again, self._left = self._left, True
        if self._begun and not again and not self._over:
            self._in_a_thread(self._give_up)

    def _read(self) -> Iterator[Event]:
        """Run the app in this thread; its events go into the inbox from where they are read."""
        yield from ()
        try:
            if not self._left:
                self._run()
        except Problem as problem:
            if self._given_up or (self._ended and problem.kind in CUT_OFF):
                return  # nobody waits, or the app has said all
            if problem.code in OF_ANOTHER_MODE:
                self._app.forget()
            if problem.kind in GIVEN_UP:
                self._in_a_thread(self._stop)
            raise error_of(problem, told=self._told, runs=True) from None
        finally:
            self._over = True
            self._stoppable.set()
        if not self._ended and not self._left:
            broken = AppFailed("The answer broke off: the app's end event did not arrive.")
            broken.begun = True
            raise broken

    def _run(self) -> None:
        call = self._call
        if self._interface is Interface.ANY:
            self._interface = self._app.interface()
        body: dict[str, Any] = {"inputs": dict(call.inputs), "response_mode": "streaming", "user": self._user}
        if self._interface is not Interface.WORKFLOW:
            body["query"] = call.query
        if self._interface is Interface.CHAT and call.conversation_id:
            body["conversation_id"] = _uuid(call.conversation_id)
        if call.beside:
            body["files"] = [dict(file) for file in call.beside]
        self._stream = stream = self._api.stream(RUN[self._interface], body, self._line)
        if self._given_up:
            stream.cut()  # its head has come too late
        stream.read(self._take, self._inbox.untaken)

    def _take(self, event: dict[str, Any]) -> None:
        if not self._task_id and isinstance(task_id := event.get("task_id"), str):
            self._task_id = task_id
            self._stoppable.set()
        name = kind(event)
        if name == "error":
            self._ended = True
            raise from_event(event, None)
        if name in ENDS:
            self._ended = True
            self._stoppable.set()
        if self._ended and self._stream:
            self._stream.end_within(LINGER)
        if not self._left:  # else nobody takes it
            self._inbox.put(event)

    def _give_up(self) -> None:
        self._stoppable.wait(GRACE)
        self._given_up = True
        self._line.cut()
        if self._stream:
            self._stream.cut()
        if not self._ended:
            self._stop()

    def _stop(self) -> None:
        """Tell Dify to stop the run: it bills for whatever the app goes on to do."""
        if not self._task_id:
            return
        try:
            self._app.ask(
                "POST", STOP[self._interface].format(quote(self._task_id, safe="")), body={"user": self._user}
            )
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            reason = getattr(error, "reason", "") or type(error).__name__
            log.warning("a run by the Service API could not be stopped: %s", for_log(reason))

    def _in_a_thread(self, act: Callable[[], None]) -> None:
        threading.Thread(target=act, daemon=True).start()


def _uuid(conversation_id: str) -> str:
    """Take a conversation's id, as Dify does. Raises ConversationNotFound for what none of Dify's can be."""
    try:
        return str(UUID(conversation_id))
    except ValueError:
        raise ConversationNotFound("Conversation Not Exists.") from None
