import json
from hashlib import sha256
from typing import Any

import pytest
from werkzeug import Request

from relay.errors import AppUnavailable, InvalidParam
from relay.incoming import access, mapping
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.settings import Settings
from relay.run.transcript import Transcript
from relay.senders import Ignored
from tests.events import CHAT, workflow
from tests.requests import post, request

COMMENT = {
    "action": "created",
    "issue": {"number": 7, "title": "A leak in the pond", "html_url": "https://github.example/pond/7"},
    "comment": {"id": 1, "body": "Where is it?"},
    "repository": {"full_name": "duck/pond"},
    "sender": {"login": "donald"},
}


def mapped(asked: Request, **settings: Any) -> Mapped | Ignored:
    read = Settings.read(settings)
    return mapping.read(asked, mapping.deliver(asked), read, access.choose_scheme(read))


def asked(sent: Request, **settings: Any) -> Asked:
    result = mapped(sent, **settings)
    assert isinstance(result, Mapped)
    return result.asked


def github(payload: Any, event: str = "issue_comment", query: str = "") -> Request:
    return request(
        method="POST",
        data=json.dumps(payload),
        content_type="application/json",
        headers={"X-GitHub-Event": event, "X-GitHub-Delivery": "d1", "Authorization": "secret"},
        query_string=query,
    )


def digest(payload: Any) -> str:
    return sha256(json.dumps(payload).encode()).hexdigest()


def test_without_a_sender_or_template_the_callers_fields_are_read() -> None:
    assert asked(post('{"query": "hi", "user": "u"}')) == Asked(query="hi", user="u")
    assert asked(post('{"query": "hi", "user": "u"}'), webhook="hmac", hmac_header="X-S") == Asked(
        query="hi", user="u"
    )


def test_a_preset_fills_what_the_sender_means() -> None:
    got = asked(github(COMMENT), webhook="github")
    assert (got.query, got.user) == ("Where is it?", "donald")
    assert (got.inputs["repository"], got.inputs["number"]) == ("duck/pond", 7)


def test_the_query_string_fills_in_what_is_left() -> None:
    got = asked(github(COMMENT, query="format=text&tone=calm&query=ignored"), webhook="github")
    assert (got.query, got.format, got.inputs["tone"]) == ("Where is it?", "text", "calm")


def test_an_event_without_a_preset_is_the_inputs_even_with_our_names_in_it() -> None:
    payload = {"user": {"id": 1}, "query": 7, "files": "none", "action": "starred"}
    assert asked(github(payload, event="star"), webhook="github") == Asked(inputs=payload)


def test_templates_decide_over_the_preset() -> None:
    got = asked(
        github(COMMENT),
        webhook="github",
        query_template="{{ headers['x-github-event'] }}: {{ body.comment.body }}",
        inputs_template='{"number": "{{ body.issue.number }}", "id": "{{ delivery.id }}"}',
        user_template="{{ delivery.sender }}/{{ body.sender.login }}",
    )
    inputs = {"number": 7, "id": f"sha256:{digest(COMMENT)}"}
    assert got == Asked(query="issue_comment: Where is it?", inputs=inputs, user="github/donald")


def test_templates_work_without_a_sender_and_on_plain_text() -> None:
    sent = post("quack", "text/plain", query="n=2&key=secret")
    assert asked(sent, query_template="{{ body }}{{ query.n }}").query == "quack2"
    with pytest.raises(InvalidParam, match="query_template uses key"):
        asked(sent, query_template="{{ query.key }}")


def test_what_proves_the_caller_is_out_of_reach() -> None:
    with pytest.raises(InvalidParam, match="uses authorization"):
        asked(github(COMMENT), query_template="{{ headers.authorization }}")


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(InvalidParam, match=r"query_template uses titel, which this request does not have"):
        asked(github(COMMENT), webhook="github", query_template="{{ body.issue.titel }}")


def test_a_broken_template_is_the_owners_to_mend() -> None:
    with pytest.raises(AppUnavailable, match="query_template"):
        asked(github(COMMENT), query_template="{{ body")


def told(events: list[dict[str, Any]]) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.add(event)
    return transcript


def test_an_answer_template_shapes_the_json_that_goes_back() -> None:
    result = mapped(
        github(COMMENT),
        answer_template='text: "{{ answer }}"\nin: "{{ conversation_id }}"\nto: "{{ body.sender.login }}"',
    )
    assert isinstance(result, Mapped)
    assert result.shape(told(CHAT)) == {"text": "Quack", "in": "c", "to": "donald"}
    result = mapped(github(COMMENT), answer_template='n: "{{ outputs.n }}"')
    assert isinstance(result, Mapped)
    assert result.shape(told(workflow({"n": 3}))) == {"n": 3}


def test_a_sender_gets_the_answer_in_the_shape_that_it_shows() -> None:
    form = "command=%2Fask&text=why&user_id=U1&trigger_id=t"
    result = mapped(post(form, "application/x-www-form-urlencoded"), webhook="slack")
    assert isinstance(result, Mapped)
    assert result.asked.query == "why"
    assert result.shape(told(CHAT))["text"] == "Quack"


def test_a_bots_own_message_is_ignored() -> None:
    event = {"type": "message", "bot_id": "B1", "text": "hi", "user": "U1"}
    assert isinstance(mapped(post(json.dumps({"type": "event_callback", "event": event})), webhook="slack"), Ignored)


@pytest.mark.parametrize(
    ("settings", "delivery_id"),
    [
        ({"webhook": "github"}, f"sha256:{digest(COMMENT)}"),
        ({}, None),
        ({"webhook": "hmac", "hmac_header": "X-S"}, None),
    ],
)
def test_a_delivery_is_known_by_its_senders_id(settings: dict[str, Any], delivery_id: str | None) -> None:
    result = mapped(github(COMMENT), **settings)
    assert isinstance(result, Mapped)
    assert result.delivery_id == delivery_id


def test_an_hmac_that_cannot_be_is_the_owners_to_mend() -> None:
    with pytest.raises(AppUnavailable, match="hmac_header"):
        access.choose_scheme(Settings.read({"webhook": "hmac", "hmac_header": "no header"}))
