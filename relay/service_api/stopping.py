"""POST …/stop: whoever began a task ends it.

Dify's answer is the same whether there was anything to stop or not: so nobody learns which tasks there are.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.errors import AppUnavailable, InvalidParam
from relay.incoming import service
from relay.incoming.access import Caller
from relay.outgoing.response import of_json
from relay.run import tasks
from relay.run.dify import StorageFailed
from relay.run.records import STOPS, RecordsFull


def stop(client: Client, path: Mapping[str, Any]) -> Response:
    """Stop the task that the path names. Raises RelayError."""
    user = service.user(client.received.json)
    if not user:
        raise InvalidParam("Arg user must be provided.")
    endpoint_id = client.received.endpoint_id
    scope = tasks.Scope(endpoint_id=endpoint_id, app_id=client.app_id(""), user=user)
    records = client.carrier().records_of(endpoint_id, STOPS) if client.caller is Caller.KEY else None
    try:
        tasks.stop(scope, str(path.get("task_id", "")), records)
    except (StorageFailed, RecordsFull) as error:
        raise AppUnavailable("Dify's storage does not answer.", headers={"Retry-After": "10"}) from error
    return of_json({"result": "success"})
