"""What Dify tells of an app by its key: its mode, by which a message finds its place, and what it looks like."""

from typing import Any

import httpx
import openai
import pytest
from dify_client.client import ChatClient, DifyClient

from tests.endpoints.conftest import KEY
from tests.endpoints.keyed.conftest import ByOpenAI, Keyed, dify_of, others, runs
from workspace.testing import Workspace

SEVERAL = "form-text.city-paragraph.letter"
NAMED = "The workflow has several inputs for text: city, letter."

PLACES = [
    ("form-text.query-text.text", {"query": "hi"}),
    ("form-text.city-paragraph.text", {"text": "hi"}),
    ("form-text.city", {"city": "hi"}),
    ("form-paragraph.letter-number.age-file.photo", {"letter": "hi"}),
]


@pytest.mark.parametrize(("app_id", "inputs"), PLACES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_for_a_workflow_goes_into_its_input(
    keyed: Keyed, workspace: Workspace, app_id: str, inputs: dict[str, str], method: str
) -> None:
    client = keyed(app_id)
    answer = client.request(method, f"/duck/{app_id}", params={"query": "hi", "format": "json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["outputs"] == inputs
    [request] = runs(workspace, client)
    assert request["inputs"] == inputs


@pytest.mark.parametrize(
    ("asked", "inputs"),
    [
        ({"inputs": {"city": "Paris"}}, {"query": "hi", "city": "Paris"}),
        ({"city": "Paris", "letter": "a"}, {"query": "hi", "city": "Paris", "letter": "a"}),
    ],
)
def test_beside_inputs_that_are_named_it_is_the_one_of_its_name(
    keyed: Keyed, workspace: Workspace, asked: dict[str, Any], inputs: dict[str, str]
) -> None:
    client = keyed(SEVERAL)
    assert client.post(f"/duck/{SEVERAL}", json={"query": "hi", **asked}).status_code == 200
    [request] = runs(workspace, client)
    assert request["inputs"] == inputs


@pytest.mark.parametrize(("app_id", "inputs"), PLACES)
def test_a_message_from_openais_client_goes_there_too(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace, app_id: str, inputs: dict[str, str]
) -> None:
    client = keyed(app_id)
    made = by_openai(client)
    made.chat.completions.create(model=app_id, messages=[{"role": "user", "content": "hi"}])
    made.responses.create(model=app_id, input="hi")
    assert [request["inputs"] for request in runs(workspace, client)] == [inputs, inputs]


def test_of_several_inputs_the_caller_has_to_name_one(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace
) -> None:
    client = keyed(SEVERAL)
    refused = client.post(f"/duck/{SEVERAL}", json={"query": "hi"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param"), refused.text
    assert refused.json()["message"].startswith(NAMED)
    made = by_openai(client)
    for ask in (
        lambda: made.chat.completions.create(model=SEVERAL, messages=[{"role": "user", "content": "hi"}]),
        lambda: made.responses.create(model=SEVERAL, input="hi"),
    ):
        with pytest.raises(openai.BadRequestError, match=NAMED):
            ask()
    assert runs(workspace, client) == []
    answer = client.post(f"/duck/{SEVERAL}", json={"inputs": {"city": "Paris"}})
    assert answer.json()["data"]["outputs"] == {"city": "Paris"}


def test_what_is_told_is_asked_for_once_a_minute(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed("form-text.city", "parrot")
    for _ in range(5):
        client.post("/duck/form-text.city", json={"query": "hi"})
        client.post("/duck/parrot", json={"query": "hi"})
    asked = others(workspace, client)
    assert sorted(asked) == [("GET", "/info"), ("GET", "/info"), ("GET", "/parameters")]


# --- names and icons

DUCK = {"name": "Duck of the pond", "description": "Talks about what you say.", "icon": "🦆"}
QUILL = {"name": "Duck that writes", "description": "Two lines about a topic.", "icon": "🪶"}


def models(client: httpx.Client) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = client.get("/v1/models").json()["data"]
    own = {"object": "model", "created": 0, "owned_by": "dify"}
    assert [{name: model.get(name) for name in own} for model in data] == [own] * len(data)
    return [{name: value for name, value in model.items() if name not in own} for model in data]


def test_models_have_their_names_and_icons(keyed: Keyed, by_openai: ByOpenAI) -> None:
    client = keyed("demo-chat", "demo-completion", allowed_apps="duck=demo-chat, quill=demo-completion, parrot")
    assert models(client) == [{"id": "duck", **DUCK}, {"id": "quill", **QUILL}, {"id": "parrot"}]
    assert [model.id for model in by_openai(client).models.list()] == ["duck", "quill", "parrot"]


def test_apps_with_keys_are_models_to_who_holds_the_endpoints(keyed: Keyed) -> None:
    client = keyed("demo-chat", "demo-completion")
    assert models(client) == [{"id": "demo-chat", **DUCK}, {"id": "demo-completion", **QUILL}]


def test_models_are_told_where_dify_is_not_ready(keyed: Keyed) -> None:
    client = keyed("demo-chat", "demo-completion", faults={"service_api": "gateway"})
    assert models(client) == [{"id": "demo-chat"}, {"id": "demo-completion"}]


@pytest.mark.parametrize("settings", [{}, {"access": "public", "allowed_apps": "demo-chat"}], ids=["key", "public"])
def test_the_page_has_the_apps_name_and_icon(keyed: Keyed, settings: dict[str, str]) -> None:
    page = keyed("demo-chat", **settings).get("/duck/demo-chat", params={"query": "count to 1"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert DUCK["name"] in page.text
    assert DUCK["icon"] in page.text


def test_the_page_of_an_app_without_a_key_has_none(keyed: Keyed) -> None:
    page = keyed("parrot").get("/duck/demo-chat", params={"query": "count to 1"})
    assert page.status_code == 200
    assert DUCK["name"] not in page.text
    assert DUCK["icon"] not in page.text


def test_difys_clients_are_told_what_dify_tells(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed("demo-chat")
    made, dify = dify_of(DifyClient, client, "demo-chat"), DifyClient("app-demo-chat")
    dify.base_url = workspace.service_api()
    for path in ("/info", "/meta", "/parameters"):
        told, own = (one._send_request("GET", path).json() for one in (made, dify))
        assert told == own, path
    site, own = (one._send_request("GET", "/site").json() for one in (made, dify))
    assert {name: site[name] for name in own if name != "custom_disclaimer"} == {
        name: value for name, value in own.items() if name != "custom_disclaimer"
    }
    assert made._send_request("GET", "/info").json() == {
        "name": DUCK["name"],
        "description": DUCK["description"],
        "tags": ["duck"],
        "mode": "chat",
        "author_name": "workspace",
    }
    assert dify_of(ChatClient, client, "demo-chat", key=f"{KEY}x")._send_request("GET", "/info").status_code == 401
