"""A completion app, which Dify runs for no plugin, answers by its key in every form and to every client."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import product

import httpx
import pytest
from dify_client.client import CompletionClient

from tests.endpoints.conftest import KEY
from tests.endpoints.keyed.conftest import ByOpenAI, Keyed, dify_of, runs
from tests.endpoints.later import accepted, answering, ask, ended, outcome, shown
from tests.endpoints.test_service_api import events
from tests.relay.outgoing.formats.test_lines import read_events, read_ndjson, read_sse
from workspace.testing import Workspace, until

REAL = "realcompletion"
DEMO = "demo-completion"
SAID = {
    REAL: " tok0 tok1 tok2",
    DEMO: (
        "A duck once sat by a lake and thought:\nhow fine is a lake, when nobody asked for a quack!\n\nYou said “hi”."
    ),
}
ASKED = {"query": "hi", "topic": "a lake", "user": "bob"}
METHODS = ("GET", "POST")
ROUTES = ("completion", "duck")
FORMS = ("sse", "json", "text", "ndjson", "html", "events")

type Answers = Mapping[tuple[str, str, str, str], Future[httpx.Response]]  # by app, method, route and form


@pytest.fixture(scope="module")
def answers(workspace: Workspace) -> Iterator[Answers]:
    """Call both apps in every way at once: one of them writes at a model's pace."""
    keys = {"app_keys": f"{REAL}=app-{REAL}, {DEMO}=app-{DEMO}", "service_api_url": workspace.service_api()}
    url = workspace.endpoint(settings={"api_key": KEY, **keys})
    with (
        httpx.Client(base_url=url, headers={"X-API-Key": KEY}, timeout=60) as client,
        ThreadPoolExecutor(4) as callers,
    ):

        def call(app_id: str, method: str, route: str, form: str) -> httpx.Response:
            asked = {**ASKED, "format": form}
            given = {"params": asked} if method == "GET" else {"json": asked}
            return client.request(method, f"/{route}/{app_id}", **given)  # type: ignore[arg-type]

        asked = list(product(SAID, METHODS, ROUTES, FORMS))
        yield {each: callers.submit(call, *each) for each in asked}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("app_id", SAID)
def test_it_answers_whole_in_every_form(answers: Answers, app_id: str, method: str, route: str) -> None:
    of = {form: answers[app_id, method, route, form].result() for form in FORMS}
    assert {form: answer.status_code for form, answer in of.items()} == dict.fromkeys(FORMS, 200)
    told = [read_ndjson(of["ndjson"].content), read_sse(of["sse"].content), read_events(of["events"].content)]
    for each in told:
        assert [event["event"] for event in each] == ["message"] * (len(each) - 1) + ["message_end"]
        assert "".join(event.get("answer", "") for event in each) == SAID[app_id]
        assert not any("conversation_id" in event for event in each)
    whole = of["json"].json()
    assert (whole["event"], whole["mode"], whole["answer"]) == ("message", "completion", SAID[app_id])
    assert of["text"].text == SAID[app_id]
    assert [word for word in SAID[app_id].split() if word not in of["html"].text] == []


def test_what_dify_gets_is_the_query_and_the_inputs(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(REAL)
    client.post(f"/completion/{REAL}", json={"query": "hi", "inputs": {"topic": "a lake"}})
    [request] = runs(workspace, client)
    told = {name: request[name] for name in ("inputs", "query", "user", "response_mode")}
    assert told == {
        "inputs": {"topic": "a lake", "query": "hi"},
        "query": "hi",
        "user": "duck-relay",
        "response_mode": "streaming",
    }
    assert not {"conversation_id", "files"} & set(request)


@pytest.mark.parametrize("path", ["/v1", f"/duck/{REAL}/v1"])
def test_openais_client_is_answered_whole_and_streamed(keyed: Keyed, by_openai: ByOpenAI, path: str) -> None:
    made = by_openai(keyed(REAL), path)
    asked = {"model": REAL, "messages": [{"role": "user", "content": "hi"}]}
    whole = made.chat.completions.create(**asked)  # type: ignore[call-overload]
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == (SAID[REAL], "stop")
    chunks = list(made.chat.completions.create(**asked, stream=True))  # type: ignore[call-overload]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID[REAL]
    response = made.responses.create(model=REAL, input="hi")
    assert (response.output_text, response.status) == (SAID[REAL], "completed")
    with made.responses.stream(model=REAL, input="hi") as stream:
        assert [*stream][-1].type == "response.completed"
        assert stream.get_final_response().output_text == SAID[REAL]


def test_difys_client_is_answered_whole_and_streamed(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(REAL, DEMO)
    made = dify_of(CompletionClient, client, REAL)
    whole = made.create_completion_message({"query": "hi"}, "blocking", "bob").json()
    assert set(whole) == {"event", "task_id", "id", "message_id", "mode", "answer", "metadata", "created_at"}
    assert (whole["mode"], whole["answer"]) == ("completion", SAID[REAL])
    streamed = made.create_completion_message({"query": "hi"}, "streaming", "bob")
    told = [*events(streamed.iter_lines())]
    assert [event["event"] for event in told] == ["message"] * 3 + ["message_end"]
    assert {request["user"] for request in runs(workspace, client)} == {"bob"}


def test_it_answers_later(keyed: Keyed) -> None:
    client = keyed(REAL)
    id_ = accepted(ask(client, REAL))
    assert outcome(ended(client, id_)) == ("done", "")
    response = shown(client, id_)["response"]
    assert (response["mode"], response["answer"]) == ("completion", SAID[REAL])


def test_its_answer_is_posted_to_the_owners_address(keyed: Keyed, workspace: Workspace) -> None:
    receiver = workspace.sender("callback")
    receiver.clear()
    client = keyed(
        REAL,
        reply="callback",
        callback_url=f"{receiver.base}/completions",
        callback_hosts=workspace.url,
        callback_secret=receiver.token,
        answer_template='{"text": "{{ answer }}"}',
    )
    id_ = accepted(client.post(f"/completion/{REAL}", json={"query": "hi"}))
    assert outcome(ended(client, id_)) == ("done", "")
    [message] = receiver.chat("completions")
    assert httpx.Response(200, text=message["text"]).json() == {"delivery_id": id_, "text": SAID[REAL]}


@pytest.mark.parametrize(
    ("app_id", "said"),
    [
        (REAL, "tok0 tok1 tok2"),
        (DEMO, "A duck once sat by quack and thought:"),
        ("form-text.city-paragraph.text", "quack"),
        ("workflow-2-0", "part 0 part 1"),
    ],
)
def test_a_person_is_answered_where_they_write(keyed: Keyed, workspace: Workspace, app_id: str, said: str) -> None:
    """A message finds its place in whatever kind of app."""
    sender, place = workspace.sender("telegram"), str(7100 + len(app_id))
    bot = answering(sender, "telegram", app_id)
    del bot["key"]
    client = keyed(app_id, key="", **bot)
    sender.post(f"{str(client.base_url).rstrip('/')}/duck", "quack", place=place, user=place)
    until(lambda: sender.answers(place))
    until(lambda: said in sender.answers(place)[0])
    assert len(runs(workspace, client)) == 1
