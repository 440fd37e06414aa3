"""A request of a client that speaks another API: who it is, what answers it, and how an app's answer is carried out.

Templates, webhook presets, `run_if`, `reply` and `memory` are for the relay's own routes: these APIs have a field for
all that they say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from werkzeug import Request, Response

from relay import identity
from relay.answer import apps_of, asked_by_key, finish
from relay.call import Interface, Upload
from relay.carry import Carrier
from relay.errors import MethodNotAllowed, RelayError
from relay.given import Giving
from relay.host import Host
from relay.incoming import access, issued
from relay.incoming.access import Caller
from relay.incoming.issued import Issued
from relay.incoming.received import Received, receive
from relay.incoming.settings import Settings
from relay.log import Line
from relay.outgoing import coding
from relay.outgoing.response import of_reply
from relay.plan import Plan
from relay.run import files
from relay.run.dify import Dify, KeyedApp, Session
from relay.run.ways import Ways
from relay.senders import Reply

type Answer = Callable[["Client", Mapping[str, Any]], Response]  # takes the path's variables; raises RelayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One request, let in."""

    caller: Caller
    received: Received
    settings: Settings
    dify: Dify
    host: Host
    line: Line

    def app_id(self, named: str) -> str:
        """Give the app that runs: the one in the path, else the one named, else the one picked in the settings.

        Raises AppNotAllowed, AppNotFound.
        """
        app_id = access.choose_app(self.received.app_id or named, self.settings)
        self.line.app = app_id
        return app_id

    def keyed(self, app_id: str) -> KeyedApp | None:
        """Give an app that is reached by its own key, to a holder of the endpoint's; None for all else.

        Raises RelayError.
        """
        return self.dify.keyed(app_id) if self.caller is Caller.KEY else None

    def giving(self, app_id: str, interface: Interface = Interface.ANY) -> Giving:
        """Prepare what the app is given."""
        return Giving(
            app_id=app_id,
            endpoint_id=self.received.endpoint_id,
            interface=interface,
            settings=self.settings,
            apps=apps_of(self.dify, interface),
            anywhere=True,
        )

    def key(self) -> str:
        """Give the key that the caller holds, whoever else may call. Raises Unauthorized."""
        return self.settings.api_keys[access.check_key(self.received, self.settings) - 1]

    def hand_over(self, upload: Upload, key: str, *, app_id: str = "", user: str | None = None) -> tuple[str, Issued]:
        """Hand a file to Dify, within the limits of an app if one is named; give the id that stands for it here.

        The id is signed by the key. Raises RelayError.
        """
        parameters = self.giving(app_id, self.received.interface).declared() if app_id else None
        keyed = bool(app_id) and self.dify.keyed(app_id) is not None
        store = partial(self.dify.upload, app_id=app_id, user=user)
        stored = files.hand_over(upload, store, now=self.host.clock(), parameters=parameters, keyed=keyed)
        return issued.issue(stored, key, self.received.endpoint_id), stored

    def identity(self, form: str) -> tuple[str | None, str]:
        """Give what an Idempotency-Key stands for: see `identity.of_request`."""
        return identity.of_request(self.received, form)

    def carrier(self) -> Carrier:
        """Give what carries a plan out."""
        gzip = coding.accepts_gzip(self.received.header("accept-encoding"))
        return Carrier(settings=self.settings, dify=self.dify, line=self.line, host=self.host, gzip=gzip)

    def answer(self, plan: Plan) -> Response:
        """Carry a plan out, and give its answer. Raises RelayError."""
        return self.carrier().answer(plan)


def respond(
    request: Request,
    path: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    methods: Mapping[str, Answer],
    route: str,
    tell: Callable[[RelayError], Response],
    dify: Session,
    host: Host,
    interface: Interface = Interface.ANY,
) -> Response:
    """Let whoever is let in have the answer of what was asked for, by its method. Raises nothing.

    `route` is what the log calls it, `tell` gives an error as that API does.
    """
    received = receive(request, app_id=str(path.get("app_id", "")), interface=interface, endpoint_id=dify.endpoint_id)
    owner = Settings.read(settings)
    ways = Ways(dify, owner, asked_by_key=asked_by_key(received))

    def work(line: Line) -> Response:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
        if received.method == "OPTIONS":
            return of_reply(Reply(status=204, media_type="", headers={"Allow": allowed}), "OPTIONS")
        answer = methods.get("GET" if received.method == "HEAD" else received.method)
        if answer is None:
            raise MethodNotAllowed("This method is not answered here.", headers={"Allow": allowed})
        caller, line.key = access.let_client_in(received, owner)
        client = Client(caller=caller, received=received, settings=owner, dify=ways, host=host, line=line)
        return answer(client, path)

    return finish(received, owner, work, route=route, host=host, tell=tell)
