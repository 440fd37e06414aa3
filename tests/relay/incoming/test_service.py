"""Requests to Dify's Service API."""

import json
from typing import Any

import pytest

from relay.call import Reference
from relay.errors import RelayError
from relay.incoming import service
from relay.incoming.fields import Asked
from relay.incoming.received import Received
from tests.requests import post, received

CONVERSATION = "45701982-8118-4bc5-8e9b-64562b4555f2"


def sent(**fields: Any) -> Received:
    return received(post(json.dumps(fields)))


def test_all_that_is_read() -> None:
    asked = service.read(
        sent(
            inputs={"city": "Lyon"},
            query="hi",
            response_mode="streaming",
            conversation_id=f" {CONVERSATION.upper()} ",
            user="bob",
            files=[{"type": "image", "transfer_method": "remote_url", "url": "https://example.org/duck.png"}],
            auto_generate_name=False,
            trace_id="t",
            anything={"else": 1},
        )
    )
    assert asked == Asked(
        query="hi",
        inputs={"city": "Lyon"},
        files=(Reference(type="image", url="https://example.org/duck.png"),),
        conversation_id=CONVERSATION,
        user="bob",
        response_mode="streaming",
    )


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(("inputs", "query", "response_mode", "user", "files"))])
def test_what_is_missing_or_null_is_empty_and_answered_in_one_piece(empty: dict[str, Any]) -> None:
    assert service.read(sent(**empty)) == Asked(response_mode="blocking")


def test_a_blank_conversation_begins_a_new_one() -> None:
    assert service.read(sent(conversation_id=" ")).conversation_id is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"inputs": []}, "inputs must be an object."),
        ({"inputs": "{}"}, "inputs must be an object."),
        ({"query": 1}, "query must be text."),
        ({"user": 7}, "user must be text."),
        ({"user": "u" * 256}, "user may have at most 255 characters."),
        ({"response_mode": "later"}, "response_mode must be streaming or blocking."),
        ({"response_mode": True}, "response_mode must be text."),
        ({"conversation_id": "new"}, "conversation_id must be a valid UUID."),
        ({"conversation_id": 3}, "conversation_id must be text."),
        ({"files": {}}, "files must be a list of objects."),
        ({"files": ["https://example.org/duck.png"]}, "files must be a list of objects."),
        (
            {"workflow_id": "w"},
            "workflow_id names a version of the app: here the published one runs alone.",
        ),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RelayError) as refused:
        service.read(sent(**fields))
    assert refused.value.as_dict() == {"code": "invalid_param", "message": message, "status": 400}


@pytest.mark.parametrize(
    ("body", "content_type"), [("[]", "application/json"), ("query=hi", "application/x-www-form-urlencoded")]
)
def test_only_a_json_object_is_read(body: str, content_type: str) -> None:
    with pytest.raises(RelayError) as refused:
        service.read(received(post(body, content_type)))
    assert refused.value.message == "The body must be a JSON object: send Content-Type: application/json."
