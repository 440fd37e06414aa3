"""How samples are delivered."""

import json
from typing import Any

from relay.senders import Delivery

FORM = {"content-type": "application/x-www-form-urlencoded"}


def posted(payload: Any, **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(headers={"content-type": "application/json", **named}, body=json.dumps(payload).encode())
