"""Chat completions and models through OpenAI's own client: every kind of app, plain, streamed, raw and async."""

import asyncio
import json
import time

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import PNG_URL, Calls, Make, hear, say, text, user
from workspace.testing import Workspace

KINDS = pytest.mark.parametrize(
    ("app", "said", "usage"),
    [
        ("chat-3-0", " tok0 tok1 tok2", (10, 20, 30)),
        ("agent-3-0", " tok0 tok1 tok2", (10, 20, 30)),
        ("chatflow-3-0", "part 0 part 1 part 2 ", (10, 20, 30)),
        ("workflow-3-0", "part 0 part 1 part 2 ", (0, 30, 30)),
        ("paused", "May it swim?", (0, 0, 0)),
        ("unknownevents", "quack", (10, 20, 30)),
        ("malformed", "survived", (10, 20, 30)),
    ],
)


@KINDS
def test_every_kind_of_app_answers(shared: OpenAI, app: str, said: str, usage: tuple[int, int, int]) -> None:
    begun = int(time.time())
    answer = shared.chat.completions.create(model=app, messages=[{"role": "user", "content": "hi"}])
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", said, "stop")
    assert answer.usage
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == usage
    assert (answer.object, answer.model) == ("chat.completion", app)
    assert begun - 1 <= answer.created <= time.time() + 1
    assert len(answer.id) > len("chatcmpl-")


@KINDS
@pytest.mark.parametrize("include_usage", [False, True])
def test_every_kind_of_app_streams(
    shared: OpenAI, app: str, said: str, usage: tuple[int, int, int], include_usage: bool
) -> None:
    chunks = hear(shared, app, "hi", **({"stream_options": {"include_usage": True}} if include_usage else {}))
    assert text(chunks) == said
    assert len({(one.id, one.created, one.model, one.object) for one in chunks}) == 1
    told = [one.usage for one in chunks if one.usage]
    assert [(one.prompt_tokens, one.completion_tokens, one.total_tokens) for one in told] == [usage] * include_usage
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"


def test_an_agents_thoughts_are_reasoning(shared: OpenAI) -> None:
    thoughts = "I should ask the duck.\nduck()\n→ quack"
    answer = shared.chat.completions.create(model="agent-1-0", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.model_extra == {"reasoning_content": thoughts}
    extra = [one.choices[0].delta.model_extra or {} for one in hear(shared, "agent-1-0", "hi")]
    assert "".join(one.get("reasoning_content", "") for one in extra) == thoughts


def test_sources_are_annotations(shared: OpenAI) -> None:
    answer = shared.chat.completions.create(model="rich", messages=[{"role": "user", "content": "hi"}])
    [annotation] = answer.choices[0].message.annotations or []
    assert annotation.url_citation.title == "Ducks of_Europe.pdf"
    assert "![drake.png](https://example.org/drake.png)" in (answer.choices[0].message.content or "")


def test_a_completion_app_says_why_it_cant(shared: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="runs completion apps without their query"):
        say(shared, "realcompletion", "hi")


def test_a_message_for_a_workflow_goes_to_its_input(client: Make, runs: Calls) -> None:
    made = client()
    assert "3 words in 1 sentences" in say(made, "demo-workflow", "Ducks swim well.")
    assert [call["inputs"] for call in runs(made)] == [{"text": "Ducks swim well."}]


def test_a_system_message_goes_to_the_apps_input_or_before_the_query(client: Make, runs: Calls) -> None:
    made = client()
    duck = {"role": "system", "content": "Be a duck."}
    assert json.loads(say(made, "chatform-paragraph.system-text.other", duck, "hi")) == {"system": "Be a duck."}
    assert say(made, "parrot", duck, {"role": "developer", "content": "Be short."}, "hi") == (
        "Be a duck.\n\nBe short.\n\nhi"
    )
    assert [call["query"] for call in runs(made)] == ["hi", "Be a duck.\n\nBe short.\n\nhi"]


def test_an_unknown_history_comes_along_as_text(shared: OpenAI) -> None:
    duck, past = {"role": "system", "content": "Be a duck."}, {"role": "assistant", "content": "1"}
    assert say(shared, "parrot", duck, "one", past, "two") == (
        "Be a duck.\n\nThe conversation so far:\n\nUser: one\n\nAssistant: 1\n\nThe next message of the user:\n\ntwo"
    )


@pytest.mark.parametrize("fields", [{"user": "bob"}, {"safety_identifier": "bob"}])
def test_who_asks_is_difys_user(client: Make, runs: Calls, fields: dict[str, str]) -> None:
    made = client()
    say(made, "chat-1-0", "hi", **fields)
    assert [call["user"] for call in runs(made)] == ["bob"]


def test_what_a_dify_app_has_no_place_for_is_ignored(shared: OpenAI) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    fields = {
        "temperature": 0.1, "top_p": 1, "max_tokens": 5, "max_completion_tokens": 5, "seed": 1, "stop": ["x"],
        "tools": [tool], "tool_choice": "auto", "parallel_tool_calls": False, "logprobs": True, "n": 1,
        "response_format": {"type": "json_object"}, "metadata": {"a": "b"}, "store": True, "modalities": ["text"],
        "extra_body": {"duck": [1]}, "extra_headers": {"X-Duck": "1"}, "extra_query": {"format": "html", "q": "x"},
        "presence_penalty": 1, "reasoning_effort": "low", "service_tier": "auto", "prediction": None,
    }  # fmt: skip
    assert say(shared, "parrot", "hi", **fields) == "hi"


def test_an_image_reaches_the_app(client: Make, runs: Calls) -> None:
    made = client()
    content = [
        {"type": "text", "text": "what is it"},
        {"type": "image_url", "image_url": {"url": "https://pond.example/duck.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": PNG_URL}},
    ]
    taken = json.loads(say(made, "chatform-files.pictures", {"role": "user", "content": content}))["pictures"]
    assert taken[0] == {"type": "image", "transfer_method": "remote_url", "url": "https://pond.example/duck.png"}
    assert (taken[1]["type"], taken[1]["transfer_method"], len(taken)) == ("image", "tool_file", 2)
    uploaded, ran = runs(made)
    assert (uploaded["mimetype"], ran["query"]) == ("image/png", "what is it")
    alone = say(made, "chatform-file.picture", {"role": "user", "content": content[1:2]})
    assert json.loads(alone) == {"picture": taken[0]}


def test_audio_and_a_document_reach_the_app(shared: OpenAI) -> None:
    content = [
        {"type": "input_audio", "input_audio": {"data": "UklGRiQAAABXQVZFZm10IA==", "format": "wav"}},
        {"type": "file", "file": {"filename": "ducks.csv", "file_data": "data:text/csv;base64,YSxi"}},
    ]
    taken = json.loads(say(shared, "chatform-files.things", {"role": "user", "content": content}))["things"]
    assert [one["type"] for one in taken] == ["audio", "document"]


def test_an_app_that_may_not_run_is_no_model(client: Make) -> None:
    for settings in ({"allowed_apps": "gpt-duck=parrot"}, {"access": "public"}):
        made = client(path="/duck/demo-chat/v1", **settings)
        for ask in (made.models.list, lambda made=made: made.models.retrieve("demo-chat")):
            with pytest.raises(openai.PermissionDeniedError):
                ask()


def test_a_name_that_is_the_picked_apps_id_is_one_model(client: Make) -> None:
    made = client(app={"app_id": "demo-chat"}, allowed_apps="demo-chat=parrot")
    assert [one.id for one in made.models.list()] == ["demo-chat"]


def test_models_are_the_apps_that_the_owner_names(client: Make) -> None:
    made = client(allowed_apps="gpt-duck=chat-1-0, echo", app={"app_id": "parrot"})
    assert [(one.id, one.object, one.owned_by) for one in made.models.list()] == [
        ("gpt-duck", "model", "dify"),
        ("echo", "model", "dify"),
        ("parrot", "model", "dify"),
    ]
    assert made.models.retrieve("gpt-duck").id == "gpt-duck"
    assert say(made, "gpt-duck", "hi") == say(made, "chat-1-0", "hi") == " tok0"
    answer = made.chat.completions.create(model="gpt-duck", messages=[{"role": "user", "content": "hi"}])
    assert answer.model == "gpt-duck"
    with pytest.raises(openai.NotFoundError):
        made.models.retrieve("gpt-4")
    assert list(client().models.list()) == []


@pytest.mark.parametrize(("path", "model"), [("", "parrot"), ("/duck/parrot/v1", "gpt-4"), ("/duck/parrot", "gpt-4")])
def test_the_same_api_stands_without_v1_and_below_an_app(client: Make, path: str, model: str) -> None:
    made = client(path=path)
    assert say(made, model, "hi") == "hi"
    assert text(hear(made, model, "hi")) == "hi"
    assert [one.id for one in made.models.list()] == (["parrot"] if path else [])


def test_without_a_model_the_chosen_app_answers(client: Make) -> None:
    made = client(app={"app_id": "parrot"})
    answer = httpx.post(
        f"{made.base_url}chat/completions", json={"messages": [user("hi")]}, headers={"X-API-Key": KEY}
    ).json()
    assert (answer["model"], answer["choices"][0]["message"]["content"]) == ("parrot", "hi")


def test_who_is_public_needs_no_key(client: Make) -> None:
    made = client(access="public", allowed_apps="parrot", key="whatever")
    assert say(made, "parrot", "hi") == "hi"
    with pytest.raises(openai.PermissionDeniedError):
        say(made, "echo", "hi")


def test_raw_responses_have_the_request_id(shared: OpenAI) -> None:
    raw = shared.chat.completions.with_raw_response.create(
        model="parrot", messages=[{"role": "user", "content": "hi"}], extra_headers={"X-Request-Id": "duck-1"}
    )
    assert (raw.status_code, raw.headers["content-type"]) == (200, "application/json")
    assert (raw.headers["x-request-id"], raw.parse().choices[0].message.content) == ("duck-1", "hi")
    with shared.chat.completions.with_streaming_response.create(
        model="parrot", messages=[{"role": "user", "content": "hi"}], stream=True
    ) as response:
        assert response.headers["content-type"] == "text/event-stream"
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert [line for line in lines if not line.startswith(("data: ", ":"))] == []


def test_asynchronous_callers_are_answered_side_by_side(workspace: Workspace) -> None:
    url = workspace.endpoint(settings={"api_key": KEY})

    async def ask(made: AsyncOpenAI, number: int) -> tuple[str | None, str]:
        asked = [user(f"number {number}")]
        whole = await made.chat.completions.create(model="parrot-100", messages=asked)
        stream = await made.chat.completions.create(model="parrot-100", messages=asked, stream=True)
        return whole.choices[0].message.content, text([one async for one in stream])

    async def everyone() -> list[tuple[str | None, str]]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as made:
            return await asyncio.gather(*(ask(made, number) for number in range(10)))

    assert asyncio.run(everyone()) == [(f"number {number}",) * 2 for number in range(10)]


def test_a_client_that_has_waited_long_enough_says_so(client: Make) -> None:
    made = client(timeout=0.5)
    with pytest.raises(openai.APITimeoutError):
        say(made, "silent-3", "hi")
    with pytest.raises(httpx.ReadTimeout):  # once a stream has begun, the client leaves it at that
        hear(made, "silent-3", "hi")


def test_500_streams_of_20_callers_are_whole(workspace: Workspace) -> None:
    url = workspace.endpoint(settings={"api_key": KEY})
    lengths = [(1, 3, 20)[number % 3] for number in range(500)]

    async def ask(made: httpx.AsyncClient, events: int, gate: asyncio.Semaphore) -> tuple[int, bool]:
        body = {"model": f"chat-{events}-0", "messages": [user("hi")], "stream": True}
        async with gate:
            lines = (await made.post("/v1/chat/completions", json=body)).text.splitlines()
        told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
        said = "".join(one["choices"][0]["delta"].get("content", "") for one in told)
        whole = said == "".join(f" tok{index}" for index in range(events))
        return len(told) - 2, whole and lines[-2] == "data: [DONE]" and lines[-1] == ""

    async def everyone() -> list[tuple[int, bool]]:
        gate = asyncio.Semaphore(20)
        async with httpx.AsyncClient(base_url=url, headers={"X-API-Key": KEY}, timeout=60) as made:
            return await asyncio.gather(*(ask(made, events, gate) for events in lengths))

    assert asyncio.run(everyone()) == [(events, True) for events in lengths]


def test_a_name_may_have_blanks_and_slashes(client: Make) -> None:
    made = client(allowed_apps="My Duck = parrot, openai/gpt-4o=echo\nchat-1-0 chat-3-0")
    names = [model.id for model in made.models.list()]
    assert names == ["My Duck", "openai/gpt-4o", "chat-1-0", "chat-3-0"]
    assert [made.models.retrieve(name).id for name in names] == names
    assert say(made, "My Duck", "quack") == "quack"
