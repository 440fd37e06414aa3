"""`/deliveries`: what was accepted and what became of it, for its owner; and one's run, for the plugin itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from werkzeug import Request, Response

from relay import wire
from relay.answer import finish
from relay.call import Interface
from relay.carry import Carrier
from relay.entrance import HTML, TO
from relay.errors import AppUnavailable, DeliveryNotFound, Forbidden, Unauthorized
from relay.execution import JSON
from relay.host import Host
from relay.incoming import access, session
from relay.incoming.received import KEY, Received, receive
from relay.incoming.session import How
from relay.incoming.settings import ReplyTo, Settings
from relay.later import check, page
from relay.later.account import Account
from relay.later.desk import Desk, desk_of
from relay.later.ledger import Ledger
from relay.later.office import NOBODY, Office, cancel, delete, redeliver, take
from relay.later.shown import Shown
from relay.later.sweep import look, sweep_of
from relay.log import Line
from relay.outgoing import formats
from relay.outgoing.response import of_reply, of_type
from relay.page import sign_in, visit
from relay.page.sign_in import Said
from relay.plan import Destination
from relay.replies.channel import Target
from relay.replies.table import CHANNELS
from relay.run.dify import Session, StorageFailed
from relay.run.records import RecordsFull
from relay.run.ways import Ways
from relay.senders import Reply

RUN_TOKEN = "x-duck-run"  # noqa: S105 - a header's name
ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Action(StrEnum):
    """What is asked of deliveries, or of one: the last part of the path, but for the first two."""

    ALL = "all"
    ONE = "one"
    RUN = "run"
    REDELIVER = "redeliver"
    CANCEL = "cancel"
    DELETE = "delete"


METHODS: Mapping[Action, str] = {
    Action.ALL: "GET, HEAD, POST, OPTIONS",
    Action.ONE: "GET, HEAD, DELETE, OPTIONS",
    Action.RUN: "POST, OPTIONS",
    Action.REDELIVER: "POST, OPTIONS",
    Action.CANCEL: "POST, OPTIONS",
    Action.DELETE: "POST, OPTIONS",
}


def respond(
    request: Request, path: Mapping[str, Any], settings: Mapping[str, Any], *, dify: Session, host: Host
) -> Response:
    """Answer one request to `/deliveries`, or to `/deliveries/<id>` and what is below. Raises nothing."""
    received = receive(request, app_id="", interface=Interface.ANY, endpoint_id=dify.endpoint_id)
    id_ = str(path.get("delivery_id", ""))
    last = request.path.rstrip("/").rpartition("/")[2]
    action = Action(last) if id_ and last in {*Action} and last != id_ else Action.ONE if id_ else Action.ALL
    owner = Settings.read(settings)

    def work(line: Line) -> Response:
        if received.method == "OPTIONS":
            return of_reply(Reply(status=204, media_type="", headers={"Allow": METHODS[action]}), "OPTIONS")
        asked = _Asked(received=received, settings=owner, dify=dify, host=host, line=line, id=id_)
        try:
            return asked.run() if action is Action.RUN else asked.answer(action)
        except (StorageFailed, RecordsFull) as error:
            raise AppUnavailable("Dify's storage does not answer.", headers={"Retry-After": "10"}) from error

    return finish(received, owner, work, route="/deliveries", host=host, by_sender=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request about deliveries."""

    received: Received
    settings: Settings
    dify: Session
    host: Host
    line: Line
    id: str

    # --- for the plugin itself

    def run(self) -> Response:
        """Do the work of a delivery. Whoever does not know its token does not even learn that there is one."""
        token = self.received.header(RUN_TOKEN)
        if (lasting := self._desk.lasting.admit(self.id, token, self.dify)) is not None:
            return of_type("text/plain; charset=utf-8", lasting)
        account = self._find()
        if not account.admits(token):
            raise DeliveryNotFound(NOBODY)
        look(self._carrier, self.received)  # this request lasts longer than the one that it was accepted by
        self.line.deliveries.append(account.id)
        self.line.app = account.app_id
        work = take(self._office, account, self._base or "", watched=True)
        return of_type("text/plain; charset=utf-8", work.chunks())

    # --- for its owner

    def answer(self, action: Action) -> Response:
        """Answer whoever holds the key, or a browser in which it was entered."""
        received = self.received
        readable = formats.asks_for_page(received)
        if visit.brings_key(received):
            return self._sign_in_by_address(action)
        if action is Action.ALL and received.method == "POST" and (turned := self._turn()):
            return turned
        try:
            how = session.let_in(received, self.settings, self.host.clock())
        except Unauthorized as error:
            if readable and received.method in {"GET", "HEAD"}:
                said = page.NO_KEY if not self.settings.api_keys else ""
                return page.respond(page.sign_in(said, to=self.id, depth=1 if self.id else 0), int(error.status))
            raise
        if action is Action.ALL and received.method == "POST":
            return self._command(how)
        self._sweep()
        if action is Action.ALL:
            return self._all(readable=readable)
        account = self._find()
        if action is Action.ONE and received.method != "DELETE":
            return self._one(account, readable=readable)
        done = self._change(account, action)
        if how is How.COOKIE:
            to = "../../deliveries" if done is None else f"../../deliveries/{account.id}"
            return of_reply(Reply(status=303, headers={"Location": to}), "POST")
        if done is None:
            return of_reply(Reply(status=204, media_type=""), "DELETE")
        status = 202 if action is Action.REDELIVER else 200
        return of_type(JSON, wire.dump(self._shown(done).as_dict(self._url(done, ".."))), status)

    def _change(self, account: Account, action: Action) -> Account | None:
        """Do what is asked of a delivery; None when it is gone then."""
        if action is Action.REDELIVER:
            return redeliver(self._office, account, self._base, run=bool(self.received.query.get("run", [""])[0]))
        if action is Action.CANCEL:
            return cancel(self._office, account)
        delete(self._office, account)
        return None

    def _all(self, *, readable: bool) -> Response:
        accounts = self._ledger.latest()
        if readable:
            return page.respond(page.overview([self._shown(one) for one in accounts], now=self.host.clock()))
        rows = [self._shown(one).as_row(self._url(one, "deliveries")) for one in accounts]
        return of_type(JSON, wire.dump({"data": rows}))

    def _one(self, account: Account, *, readable: bool) -> Response:
        shown = self._shown(account)
        if readable:
            return page.respond(page.delivery(shown, now=self.host.clock()))
        told = shown.as_dict(self._url(account, ""))
        if account.answer is not None:
            told["response"] = account.answer
        return of_type(JSON, wire.dump(told))

    # --- the page

    def _told(self, field: str) -> Any:
        return (self.received.content.values or {}).get(field)

    def _turn(self) -> Response | None:
        """Sign in or out, if that is what a form asks."""
        if self._is_sign_in():
            return self._sign_in()
        return self._sign_out() if self._told("do") == "sign-out" else None

    def _is_sign_in(self) -> bool:
        return self._told(KEY) is not None and self._told("do") is None

    def _sign_in(self) -> Response:
        try:
            token = session.sign_in(self.received, self.settings, self.host.clock())
        except Unauthorized as error:
            return self._asked_again(self._told(TO), int(error.status))
        return self._signed_in(token, self._told(TO))

    def _sign_in_by_address(self, action: Action) -> Response:
        """Give a visit a cookie in the place of the key in its address, and lead it to where the key does not stand.

        The cookie is set at `/deliveries` alone: so it is good for every page of the hook.
        """
        to = self.id or next(iter(self.received.query.get(TO, ())), "")
        given = self.received.query[KEY][: access.MOST_KEYS]
        if not (which := access.matching(given, self.settings.api_keys)):
            return self._asked_again(to, 401, depth=0 if action is Action.ALL else 1)
        key = self.settings.api_keys[which - 1]
        if action is Action.ALL:
            return self._signed_in(session.token(key, self.received.endpoint_id, self.host.clock()), to)
        location = f"../deliveries?{visit.encoded({KEY: key, TO: self.id})}"
        return of_reply(Reply(status=303, media_type="", headers={"Location": location}), "GET")

    def _signed_in(self, token: str, to: object) -> Response:
        framed = session.is_frame(self.received)
        cookie = session.set_cookie(token, secure=session.is_secure(self.received, self.settings), framed=framed)
        return _sent_on(_place(to, signed=True, led=self._led), cookie)

    @property
    def _led(self) -> bool:
        return visit.LED in self.received.query

    def _asked_again(self, to: object, status: int, *, depth: int = 0) -> Response:
        if app := visit.destination(to):
            said = Said.WRONG_KEY if self.settings.api_keys else Said.NO_KEY
            view = replace(visit.view(self.received, self.settings), depth=depth)
            return of_type(HTML, wire.encode(sign_in.page(view, to=app, said=said, led=self._led)), status)
        told = page.WRONG_KEY if self.settings.api_keys else page.NO_KEY
        return page.respond(page.sign_in(told, to=page.destination(to), depth=depth), status)

    def _sign_out(self) -> Response:
        """Let the browser forget its cookie, and show the form that asks for the key. Raises Forbidden."""
        if not session.same_site(self.received):
            raise Forbidden("This was sent from another site's page. Do it on the page itself.")
        framed = session.is_frame(self.received)
        cookie = session.clear_cookie(secure=session.is_secure(self.received, self.settings), framed=framed)
        left = _sent_on(_place(self._told(TO)), cookie)
        left.headers["Clear-Site-Data"] = '"cache"'  # else the back button shows what was read. W3C Clear Site Data
        return left

    def _command(self, how: How) -> Response:
        found = self._checks()
        if how is How.COOKIE:
            return page.respond(page.checks(found))
        return of_type(JSON, wire.dump({"checks": [one.as_dict() for one in found]}))

    def _checks(self) -> list[check.Check]:
        own = self._base
        return check.checks(
            self.settings,
            own=own or "",
            own_reached=self.host.own.reaches(own) if own else None,
            hook_id=self._hook_id,
            token=self._token_trouble(),
            refused=self._desk.refused,
        )

    def _token_trouble(self) -> str | None:
        """Ask the sender's API whether it takes the token; None where there is nothing to ask."""
        settings = self.settings
        sender, token = settings.webhook or "", settings.bot_token.get_secret_value().strip()
        if settings.reply is not ReplyTo.SENDER or sender not in CHANNELS or not token:
            return None
        channel = CHANNELS[sender]({})
        request = channel.check(Target(to={}, token=token, bot_id=settings.bot_id))
        if request is None:
            return None
        base = self.host.base(sender, channel.base, settings.sender_url if channel.own_base else None)
        return channel.checked(self.host.post(sender)(request, base=base))

    # --- what all of them use

    @property
    def _hook_id(self) -> str:
        return self.received.header("dify-hook-id")

    @property
    def _base(self) -> str | None:
        return self.host.own.address(self._hook_id, self.settings.relay_url)

    @property
    def _carrier(self) -> Carrier:
        return Carrier(settings=self.settings, dify=Ways(self.dify, self.settings), line=self.line, host=self.host)

    @property
    def _ledger(self) -> Ledger:
        return Ledger(partial(self._carrier.records_of, self.received.endpoint_id))

    @property
    def _office(self) -> Office:
        return Office(carrier=self._carrier, ledger=self._ledger, desk=self._desk)

    @property
    def _desk(self) -> Desk:
        return desk_of(self.received.endpoint_id, self.host.own, self.host.elapsed)

    def _find(self) -> Account:
        account = self._ledger.find(self.id) if ID.fullmatch(self.id) else None
        if account is None:
            raise DeliveryNotFound(NOBODY)
        return account

    def _sweep(self) -> None:
        sweep = sweep_of(self._carrier, self._ledger, self._desk, self.received)
        if sweep.is_due():
            sweep.look()

    def _shown(self, account: Account) -> Shown:
        return Shown(
            id=account.id,
            state=account.state.value,
            failed=account.code,
            app=account.app_id,
            sender=account.sender,
            destination=_PLACES[account.destination],
            accepted=account.created,
            began=account.began or None,
            ended=account.ended or None,
            tries=account.tries,
            text=account.text,
            error=account.error,
            steps=account.steps,
            notes=account.notes,
        )

    def _url(self, account: Account, below: str) -> str:
        """Give a delivery's address, relative to the one that was called unless relay_url is set."""
        relay_url = self.settings.relay_url
        if relay_url and relay_url == self._base:
            return f"{relay_url}/deliveries/{account.id}"
        return f"{below}/{account.id}" if below else account.id


def _place(to: object, *, signed: bool = False, led: bool = False) -> str:
    """Give where a form's `to` leads, seen from the deliveries page: to an app's, a delivery's, or to that page."""
    if app := visit.destination(to):
        return visit.signed(app, led=led) if signed else app
    delivery = page.destination(to)
    return f"deliveries/{delivery}" if delivery else "deliveries"


def _sent_on(location: str, cookie: str) -> Response:
    return of_reply(Reply(status=303, media_type="", headers={"Location": location, "Set-Cookie": cookie}), "POST")


_PLACES: Mapping[Destination, str] = {
    Destination.LATER: "kept",
    Destination.SENDER: "sender",
    Destination.CALLBACK: "callback",
    Destination.RESPONSE: "response",
}
