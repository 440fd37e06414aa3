"""What the relay asks of an app by its key, and what it makes of what comes back."""

from collections.abc import Mapping
from typing import Any

import pytest

from provider.service_api.api import ServiceApi
from relay.call import Interface, Upload
from relay.errors import InvalidParam, NotFound, ServiceApiUnusable
from relay.run.failure import ConversationNotFound
from tests.provider.by_key import CONVERSATION, END, KEY, MESSAGE, app_at, run
from tests.provider.played_dify import Answer, played, refusal, stream, whole
from tests.provider.scripts import run as run_script


def test_what_can_be_no_conversation_of_difys_is_told_as_one_that_is_not_there() -> None:
    with played({}) as dify, pytest.raises(ConversationNotFound):
        run(app_at(dify.url), query="hi", conversation_id="../c")
    assert dify.lines() == []


@pytest.mark.parametrize(
    ("mode", "interface", "path", "own"),
    [
        ("chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("agent-chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("advanced-chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("completion", Interface.COMPLETION, "/completion-messages", {"query": "hi"}),
        ("workflow", Interface.WORKFLOW, "/workflows/run", {}),
    ],
)
def test_an_app_is_run_as_its_mode_says(mode: str, interface: Interface, path: str, own: Mapping[str, str]) -> None:
    with played({"GET /v1/info": whole("200 OK", {"mode": mode}), f"POST /v1{path}": stream(MESSAGE, END)}) as dify:
        app = app_at(dify.url)
        call = {"query": "hi", "conversation_id": CONVERSATION, "inputs": {"a": 1}, "interface": Interface.ANY}
        assert run(app, **call) == [MESSAGE, END]
        file = {"type": "image", "transfer_method": "remote_url", "url": "https://example.org/duck.png"}
        assert run(app, **call, beside=(file,), user="alice") == [MESSAGE, END]
        assert app.interface() is interface
    body = {"inputs": {"a": 1}, "response_mode": "streaming", **own}
    assert dify.lines() == ["GET /v1/info", f"POST /v1{path}", f"POST /v1{path}"]
    assert [one.json for one in dify.asked[1:]] == [
        {**body, "user": "duck-relay"},
        {**body, "user": "alice", "files": [file]},
    ]


def test_each_request_carries_the_key_and_says_whose_it_is() -> None:
    with played({"GET /v1/info": whole("200 OK", {"mode": "chat"}, "application/json", "Set-Cookie: a=b")}) as dify:
        api = ServiceApi(dify.url, KEY)
        api.ask("GET", "/info")
        api.ask("GET", "/info")
    headers = dify.asked[1].headers
    assert headers["user-agent"].startswith("Duck-relay/")
    assert {name: headers.get(name) for name in ("authorization", "accept-encoding", "duck-relay", "cookie")} == {
        "authorization": f"Bearer {KEY}",
        "accept-encoding": "identity",
        "duck-relay": "key",
        "cookie": None,
    }


def test_what_dify_tells_of_an_app_is_kept_and_a_failure_is_not() -> None:
    answers: dict[str, Answer] = {}
    for path in ("info", "parameters", "site"):
        answers[f"GET /v1/{path}"] = whole("200 OK", {"path": path})
    with played({}) as dify:
        app = app_at(dify.url)
        for ask in (app.info, app.parameters, app.site):
            with pytest.raises(ServiceApiUnusable):
                ask()
        dify.answers |= answers
        told = [ask() for _ in range(2) for ask in (app.info, app.parameters, app.site)]
    assert told == [{"path": "info"}, {"path": "parameters"}, {"path": "site"}] * 2
    # each broken connection is tried once again
    assert dify.lines() == [line for line in answers for _ in range(2)] + list(answers)


@pytest.mark.parametrize(
    ("info", "what"),
    [
        ({"name": "Duck"}, "Dify does not tell the app's mode"),
        ({"mode": "pipeline"}, "the app is of a mode that the relay does not know"),
        ({"mode": ["chat"]}, "the app is of a mode that the relay does not know"),
    ],
)
def test_an_app_of_no_known_mode_is_not_run(info: Mapping[str, Any], what: str) -> None:
    with played({"GET /v1/info": whole("200 OK", info)}) as dify, pytest.raises(ServiceApiUnusable) as error:
        run(app_at(dify.url), interface=Interface.ANY)
    assert error.value.reason == f"app_keys: {what}, so it can't be run by its key"


def test_an_app_that_has_become_another_is_asked_for_its_mode_again() -> None:
    answers = {
        "GET /v1/info": whole("200 OK", {"mode": "chat"}),
        "POST /v1/chat-messages": refusal(400, "not_chat_app", "Please check if your app mode matches."),
        "POST /v1/workflows/run": stream({"event": "workflow_finished", "data": {}}),
    }
    with played(answers) as dify:
        app = app_at(dify.url)
        with pytest.raises(InvalidParam, match="Please check if your app mode matches"):
            run(app, interface=Interface.ANY)
        dify.answers["GET /v1/info"] = whole("200 OK", {"mode": "workflow"})
        assert len(run(app, interface=Interface.ANY)) == 1


def test_a_file_is_handed_over_for_the_same_user() -> None:
    stored = {"id": "f1", "name": "duck.png", "size": 3, "extension": "png", "mime_type": "image/png"}
    upload = Upload(filename="duck.png", mimetype="image/png", type="image", content=b"png")
    with played({"POST /v1/files/upload": whole("201 Created", stored)}) as dify:
        given = [app_at(dify.url).upload(upload, user) for user in ("alice", None)]
    assert given == [{"type": "image", "transfer_method": "local_file", "upload_file_id": "f1"}] * 2
    for asked, user in zip(dify.asked, (b"alice", b"duck-relay"), strict=True):
        assert b'name="user"\r\n\r\n' + user + b"\r\n" in asked.body
        assert b'name="file"; filename="duck.png"\r\nContent-Type: image/png\r\n\r\npng\r\n' in asked.body


def test_any_resource_is_asked_for_as_it_is_named() -> None:
    answers = {
        "GET /v1/messages?user=a%26b&limit=2": whole("200 OK", {"data": []}),
        "POST /v1/messages/a%2Fb/feedbacks": whole("200 OK", {"result": "success"}),
        "DELETE /v1/conversations/c": lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"],
    }
    with played(answers) as dify:
        app = app_at(dify.url)
        assert app.ask("GET", "/messages", query={"user": "a&b", "limit": "2"}) == {"data": []}
        assert app.ask("POST", "/messages/a%2Fb/feedbacks", body={"rating": "like"}) == {"result": "success"}
        assert app.ask("DELETE", "/conversations/c", body={"user": "a"}) is None
        with pytest.raises(NotFound):
            app.ask("GET", "/messages/../apps")
    assert dify.lines() == list(answers)
    assert [one.json for one in dify.asked[1:]] == [{"rating": "like"}, {"user": "a"}]


def test_an_answer_may_hold_half_a_surrogate_pair() -> None:
    with played({"GET /v1/messages": whole("200 OK", rb'{"data": [{"answer": "\uD83D"}]}')}) as dify:
        assert app_at(dify.url).ask("GET", "/messages") == {"data": [{"answer": "\ud83d"}]}


TURNS = """
import gevent.monkey
gevent.monkey.patch_all()
import threading
import httpx
from provider.service_api import api

turns, done = 0, False

def count():
    global turns
    while not done:
        turns += 1
        gevent.sleep(0)

counting = threading.Thread(target=count)
counting.start()
before = turns
content = api._read(httpx.Response(200, content=iter([b" "] * 10_000)), 10_000)  # all is here already
print(len(content), turns - before)
done = True
"""


def test_an_answer_in_many_small_pieces_leaves_others_their_turn() -> None:
    assert run_script(TURNS) == f"10000 {10_000 // 128}\n"


def test_the_key_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "httpx")
    caplog.set_level("DEBUG", "httpcore")
    with played({"GET /v1/info": refusal(401, "unauthorized", f"Access token {KEY} is invalid")}) as dify:
        app = app_at(dify.url)
        with pytest.raises(ServiceApiUnusable) as raised:
            app.info()
    shown = [repr(app._api), repr(app), repr(raised.value), raised.value.reason]
    assert [text for text in shown if KEY in text] == []


def test_the_client_needs_neither_the_sdk_nor_gevent() -> None:
    script = (
        "import sys\nimport provider.service_api.row\n"
        "print([name for name in sys.modules if name.partition('.')[0] in {'gevent', 'dify_plugin', 'greenlet'}])"
    )
    assert run_script(script) == "[]\n"
