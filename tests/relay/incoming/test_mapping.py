import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from werkzeug import Request

from relay.call import Upload
from relay.errors import InvalidParam, Misconfigured, PayloadTooLarge, UnsupportedMediaType
from relay.incoming import access, mapping
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.settings import Settings
from relay.incoming.templates import LARGEST_BODY
from relay.senders import Ignored
from tests.requests import post, received, request

COMMENT = {
    "action": "created",
    "issue": {"number": 7, "title": "A leak in the pond", "html_url": "https://github.example/pond/7"},
    "comment": {"id": 1, "body": "Where is it?"},
    "repository": {"full_name": "duck/pond"},
    "sender": {"login": "donald"},
}


def mapped(asked: Request, **settings: Any) -> Mapped | Ignored:
    read = Settings.read({"webhook_secret": "s" * 20, **settings})
    heard = received(asked)
    return mapping.read(heard, heard.delivery, read, access.choose_scheme(read))


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
    inputs = {"number": 7, "id": f"sha256:{sha256(json.dumps(COMMENT).encode()).hexdigest()}"}
    assert got == Asked(query="issue_comment: Where is it?", inputs=inputs, user="github/donald")


def test_templates_work_without_a_sender_and_on_plain_text() -> None:
    sent = post("quack", "text/plain", query="n=2&key=secret")
    assert asked(sent, query_template="{{ body }}{{ query.n }}").query == "quack2"
    with pytest.raises(InvalidParam, match=r"query_template uses query\.key"):
        asked(sent, query_template="{{ query.key }}")


def test_what_proves_the_caller_is_out_of_reach() -> None:
    with pytest.raises(InvalidParam, match=r"uses headers\.authorization"):
        asked(github(COMMENT), query_template="{{ headers.authorization }}")


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(
        InvalidParam, match=r"query_template uses body\.issue\.titel, which this request does not have"
    ):
        asked(github(COMMENT), webhook="github", query_template="{{ body.issue.titel }}")


def test_a_broken_template_is_the_owners_to_mend() -> None:
    with pytest.raises(Misconfigured) as caught:
        asked(github(COMMENT), query_template="{{ body")
    assert "query_template" in caught.value.reason
    assert "query_template" not in caught.value.message


def test_what_the_answer_template_will_need_is_kept_and_nothing_without_one() -> None:
    result = mapped(github(COMMENT), answer_template='{"to": "{{ body.sender.login }}"}')
    assert isinstance(result, Mapped)
    assert result.context is not None
    assert result.context["body"] == COMMENT
    result = mapped(github(COMMENT), query_template="{{ body.action }}")
    assert isinstance(result, Mapped)
    assert result.context is None


def test_what_a_senders_message_needs_is_kept_as_data() -> None:
    form = "command=%2Fask&text=why&user_id=U1&trigger_id=t"
    result = mapped(post(form, "application/x-www-form-urlencoded"), webhook="slack")
    assert isinstance(result, Mapped)
    assert result.asked.query == "why"
    assert json.loads(json.dumps(result.reply)) == result.reply


@pytest.mark.parametrize(
    ("payload", "inputs", "user"),
    [
        ({"event": "signup", "user": "bob"}, {"event": "signup"}, "bob"),
        ({"event": "signup", "inputs": {"event": "own"}, "n": 1}, {"event": "own", "n": 1}, None),
    ],
)
def test_of_a_body_without_a_signature_our_fields_are_taken_and_the_rest_is_inputs(
    payload: dict[str, Any], inputs: dict[str, Any], user: str | None
) -> None:
    for settings in ({}, {"access": "public"}, {"webhook": "hmac", "hmac_header": "X-S"}):
        got = asked(post(json.dumps(payload)), **settings)
        assert (got.inputs, got.user) == (inputs, user)


@pytest.mark.parametrize(
    "payload",
    [
        {"event": "signup", "user": "bob"},
        {"user": {"id": 1}},
        {"format": "A4"},
        {"files": ["a.pdf"], "query": 1, "inputs": 2, "conversation_id": [], "response_mode": {}},
    ],
)
@pytest.mark.parametrize("webhook", ["hmac", "standard-webhooks", "github"])
def test_of_a_body_that_a_signature_covers_none_of_our_fields_is_read(payload: dict[str, Any], webhook: str) -> None:
    settings = {"access": "signature", "webhook": webhook, "hmac_header": "X-S"}
    assert asked(post(json.dumps(payload)), **settings) == Asked(inputs=payload)


def test_a_list_is_within_a_templates_reach_and_else_refused() -> None:
    sent = post('[{"x": 1}, {"x": 2}]')
    for settings in ({}, {"access": "signature", "webhook": "hmac", "hmac_header": "X-S"}):
        assert asked(sent, **settings, query_template="{{ body[0].x }} of {{ body | length }}").query == "1 of 2"
        with pytest.raises(InvalidParam, match=r"must be an object|no JSON object"):
            asked(sent, **settings)


def test_a_signed_text_is_within_a_templates_reach_and_else_refused() -> None:
    settings = {"access": "signature", "webhook": "hmac", "hmac_header": "X-S"}
    sent = post("<order/>", "application/xml")
    assert asked(sent, **settings, query_template="{{ body }}").query == "<order/>"
    with pytest.raises(InvalidParam, match="only a template can say"):
        asked(sent, **settings)


def test_a_template_takes_nothing_else_away() -> None:
    sent = request(method="POST", data={"text": "Paris", "file": (BytesIO(b"x"), "a.txt")})
    got = asked(sent, query_template="about {{ body.text }}")
    assert (got.query, got.inputs) == ("about Paris", {"text": "Paris"})
    assert [file.filename for file in got.files if isinstance(file, Upload)] == ["a.txt"]
    got = asked(post('{"query": "own", "a": 1}'), inputs_template='{"b": "{{ body.a }}"}')
    assert (got.query, got.inputs) == ("own", {"b": 1})


@pytest.mark.parametrize(
    "settings", [{"query_template": "hi"}, {"answer_template": '{"a": "{{ answer }}"}'}, {"webhook": "github"}]
)
def test_templates_see_bodies_up_to_a_limit(settings: dict[str, Any]) -> None:
    large = post(json.dumps({"a": "x" * LARGEST_BODY}))
    if "webhook" in settings:  # no template, no limit of a template
        assert len(asked(large, **settings).inputs["a"]) == LARGEST_BODY
        return
    with pytest.raises(PayloadTooLarge, match="its templates see at most"):
        asked(large, **settings)


def test_a_large_file_beside_small_fields_is_no_large_body() -> None:
    part = "--x\r\nContent-Disposition: form-data; name="
    fields = f'{part}a\r\n\r\n1\r\n{part}file; filename="a.bin"\r\n\r\n{"x" * LARGEST_BODY}\r\n--x--'
    sent = post(fields, "multipart/form-data; boundary=x")
    assert asked(sent, query_template="{{ body.a }}").query == "1"


@pytest.mark.parametrize(
    "name",
    ["authorization", "cookie", "x-api-key", "proxy-authorization", "x-auth-token", "x-gitlab-token", "referer"],
)
def test_no_secret_of_the_head_is_within_a_templates_reach(name: str) -> None:
    sent = request(
        method="POST", data="{}", content_type="application/json", headers={name: "https://a.example/?key=s"}
    )
    with pytest.raises(InvalidParam, match="uses"):
        asked(sent, query_template=f"{{{{ headers['{name}'] }}}}")
    assert asked(sent, query_template="{{ headers | tojson }}").query.find("key=s") == -1


def test_a_name_that_only_looks_like_a_secrets_is_there() -> None:
    sent = request(method="POST", data="{}", content_type="application/json", headers={"x-author": "donald"})
    assert asked(sent, query_template="{{ headers['x-author'] }}").query == "donald"


def test_a_body_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        asked(post("x", "application/pdf"), query_template="hi")


def test_a_bots_own_message_is_ignored() -> None:
    event = {"type": "message", "bot_id": "B1", "text": "hi", "user": "U1"}
    assert isinstance(mapped(post(json.dumps({"type": "event_callback", "event": event})), webhook="slack"), Ignored)


def test_an_hmac_that_cannot_be_is_the_owners_to_mend() -> None:
    with pytest.raises(Misconfigured) as caught:
        access.choose_scheme(Settings.read({"webhook": "hmac", "hmac_header": "no header"}))
    assert caught.value.reason.startswith("hmac_header")


@pytest.mark.parametrize(
    ("reply", "inputs"),
    [
        ("response", {"message": {"message_id": 9, "chat": {"id": 42}, "photo": [{"file_id": "f"}]}}),
        ("sender", {"event": "message", "chat_id": 42, "message_id": 9}),
    ],
)
def test_a_picture_is_found_in_the_payload_unless_its_person_is_written_to(
    reply: str, inputs: Mapping[str, Any]
) -> None:
    payload = {"message": {"message_id": 9, "chat": {"id": 42}, "photo": [{"file_id": "f"}]}}
    sent = request(method="POST", data=json.dumps(payload), content_type="application/json")
    assert asked(sent, webhook="telegram", reply=reply).inputs == inputs
