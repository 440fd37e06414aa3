"""`/deliveries`: what was accepted and what became of it, for its owner; and the run of one, for the plugin itself."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from secrets import token_hex
from typing import Any

from werkzeug import Request, Response

from relay import wire
from relay.answer import finish
from relay.call import Interface
from relay.carry import JSON, Carrier
from relay.errors import DeliveryInProgress, DeliveryNotFound, MethodNotAllowed
from relay.host import Host
from relay.incoming import session
from relay.incoming.received import Received, receive
from relay.incoming.settings import Settings
from relay.later.account import CANCELLED, REPLY_FAILED, Account, State, hashed
from relay.later.desk import Desk, Job, desk_of
from relay.later.ledger import Ledger
from relay.later.shown import Shown, shown
from relay.later.sweep import Sweep
from relay.later.turns import Turn
from relay.later.work import Work
from relay.log import Line
from relay.outgoing.pump import settle
from relay.outgoing.response import of_reply, of_type
from relay.outward import Started
from relay.run.dify import Dify
from relay.run.records import Kind, Records
from relay.senders import Reply

RUN_TOKEN = "x-duck-run"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Action(StrEnum):
    """What is asked of deliveries, or of one."""

    LIST = "list"
    SHOW = "show"
    RUN = "run"
    REDELIVER = "redeliver"
    CANCEL = "cancel"
    DELETE = "delete"
    CHECK = "check"


METHODS: Mapping[Action, str] = {
    Action.LIST: "GET, HEAD, POST, OPTIONS",
    Action.SHOW: "GET, HEAD, DELETE, OPTIONS",
    Action.RUN: "POST",
    Action.REDELIVER: "POST, OPTIONS",
    Action.CANCEL: "POST, OPTIONS",
    Action.DELETE: "POST, OPTIONS",
    Action.CHECK: "GET, HEAD, OPTIONS",
}
