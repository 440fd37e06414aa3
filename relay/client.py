"""A request of a client that speaks another API: who it is, which app it names, and how its answer is carried out.

Templates, webhook presets, `run_if`, `reply` and `memory` are for the relay's own routes: these APIs have a field for
all that they say.
"""

from dataclasses import dataclass

from werkzeug import Response

from relay import identity
from relay.answer import declared_by
from relay.call import Interface
from relay.carry import Carrier
from relay.given import Giving
from relay.host import Host
from relay.incoming import access
from relay.incoming.access import Caller
from relay.incoming.received import Received
from relay.incoming.settings import Settings
from relay.log import Line
from relay.outgoing import coding
from relay.plan import Plan
from relay.run.dify import Dify


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

    def giving(self, app_id: str, interface: Interface = Interface.ANY) -> Giving:
        """Prepare what the app is given."""
        declared = declared_by(self.dify, interface)
        return Giving(
            app_id=app_id,
            endpoint_id=self.received.endpoint_id,
            interface=interface,
            settings=self.settings,
            declared=declared,
            anywhere=True,
        )

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


def let_in(received: Received, settings: Settings, *, dify: Dify, host: Host, line: Line) -> Client:
    """Let a client in, or raise Unauthorized or Misconfigured."""
    caller, line.key = access.let_client_in(received, settings)
    return Client(caller=caller, received=received, settings=settings, dify=dify, host=host, line=line)
