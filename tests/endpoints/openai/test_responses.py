"""/v1/responses, by OpenAI's own client as it is published."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import PNG_URL, Calls, Make, user
from workspace.testing import Workspace

DEMO = "demo-chat"  # tells which turn it is, at a model's pace
PARROT = "parrot"
FORK = "A conversation in Dify can't fork"


def asked(runs: Calls, made: OpenAI) -> list[tuple[str, bool]]:
    """Give each run's query, and whether it went on in a conversation."""
    return [(call["query"], bool(call["conversation_id"])) for call in runs(made)]


@pytest.mark.parametrize(
    ("model", "text", "kinds"),
    [
        ("chat-3-0", " tok0 tok1 tok2", ["message"]),
        ("agent-2-0", " tok0 tok1", ["reasoning", "message"]),
        ("workflow-2-0", "part 0 part 1 ", ["message"]),
        ("chatflow-2-0", "part 0 part 1 ", ["message"]),
    ],
)
def test_every_kind_of_app_answers_whole_and_streamed(
    shared: OpenAI, model: str, text: str, kinds: list[str]
) -> None:
    whole = shared.responses.create(model=model, input="hi")
    with shared.responses.stream(model=model, input="hi") as stream:
        told = list(stream)
        last = stream.get_final_response()
    for answer in (whole, last):
        assert (answer.output_text, [one.type for one in answer.output]) == (text, kinds)
        assert (answer.status, answer.model, bool(answer.usage)) == ("completed", model, True)
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert (told[0].type, told[-1].type) == ("response.created", "response.completed")
    assert len({event.response.id for event in told if event.type in {"response.created", "response.completed"}}) == 1


def test_a_stream_has_events_by_name_and_nothing_else(shared: OpenAI) -> None:
    with shared.responses.with_streaming_response.create(model=PARROT, input="hi", stream=True) as response:
        assert response.headers["content-type"] == "text/event-stream"
        lines = [line for line in response.iter_lines() if line]
    assert {line.partition(":")[0] for line in lines} == {"event", "data"}
    named = [line.removeprefix("event: ") for line in lines[::2]]
    assert named == [json.loads(line.removeprefix("data: "))["type"] for line in lines[1::2]]


def test_the_latest_response_is_gone_on_from(client: Make, runs: Calls) -> None:
    made = client()
    first = made.responses.create(model=DEMO, input="a", instructions="Be a duck.")
    second = made.responses.create(model=DEMO, input="b", instructions="Be a duck.", previous_response_id=first.id)
    assert "This is turn 2" in second.output_text
    assert second.previous_response_id == first.id
    *_, last = made.responses.create(
        model=DEMO, input="c", instructions="Be a hen.", previous_response_id=second.id, stream=True
    )
    assert last.type == "response.completed"
    assert "This is turn 3" in last.response.output_text
    reference: Any = [user("c"), {"type": "item_reference", "id": last.response.output[0].id}, user("d")]
    assert "This is turn 4" in made.responses.create(model=DEMO, input=reference).output_text
    assert asked(runs, made) == [
        ("Be a duck.\n\na", False),
        ("b", True),
        ("Be a hen.\n\nc", True),
        ("d", True),
    ]


def test_a_response_is_gone_on_from_once_by_its_own_user_and_app(client: Make, runs: Calls) -> None:
    made, other = client(), client()
    first = made.responses.create(model=PARROT, input="a", user="bob").id
    for who, model, user_, id_ in (
        (made, PARROT, "eve", first),
        (made, "echo", "bob", first),
        (other, PARROT, "bob", first),
        (made, PARROT, "bob", "resp_0"),
    ):
        with pytest.raises(openai.BadRequestError, match=FORK) as refused:
            who.responses.create(model=model, input="b", user=user_, previous_response_id=id_)
        assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")

    def go_on(question: str) -> str:
        try:
            return made.responses.create(
                model="parrot-200", input=question, user="bob", previous_response_id=slow
            ).output_text
        except openai.ConflictError as error:
            return str(error.code)

    slow = made.responses.create(model="parrot-200", input="a", user="bob").id
    with ThreadPoolExecutor() as callers:
        answers = sorted(callers.map(go_on, "bcd"))
    assert answers[1:] == ["previous_response_in_progress"] * 2
    assert asked(runs, made) == [("a", False), ("a", False), (answers[0], True)]
    assert runs(other) == []


def test_a_history_that_is_sent_whole_goes_on_too(client: Make, runs: Calls) -> None:
    made = client()
    history: list[Any] = [{"role": "developer", "content": "Be a duck."}, user("a")]
    for question in ("b", "c"):
        answer = made.responses.create(model="agent-1-0", input=history, store=False)
        history += [*answer.output, user(question)]
    made.responses.create(model="agent-1-0", input=history, store=False)
    assert asked(runs, made) == [("Be a duck.\n\na", False), ("b", True), ("c", True)]


def test_instructions_go_to_the_apps_input_where_it_has_one(client: Make, runs: Calls) -> None:
    made = client()
    app = "chatform-paragraph.system"
    first = made.responses.create(model=app, input="a", instructions="Be a duck.")
    made.responses.create(model=app, input="b", instructions="Be a hen.", previous_response_id=first.id)
    assert [(call["query"], call["inputs"]) for call in runs(made)] == [
        ("a", {"system": "Be a duck."}),
        ("b", {"system": "Be a hen."}),
    ]


def test_a_file_is_uploaded_once_and_named_in_a_question(client: Make, runs: Calls) -> None:
    made = client()
    issued = made.files.create(file=("duck.txt", b"quack"), purpose="user_data")
    question: Any = [
        user(
            [
                {"type": "input_text", "text": "what"},
                {"type": "input_file", "file_id": issued.id},
                {"type": "input_image", "image_url": PNG_URL},
            ]
        )
    ]
    answer = made.responses.create(model="chatform-files.things", input=question).output_text
    assert [(one["type"], one["transfer_method"]) for one in json.loads(answer)["things"]] == [
        ("document", "tool_file"),
        ("image", "tool_file"),
    ]
    other = client()
    with pytest.raises(openai.BadRequestError, match="none that this endpoint has issued"):
        other.responses.create(model="chatform-files.things", input=question)
    assert runs(other) == []


def test_what_fails_is_the_clients_own_exception(client: Make, runs: Calls) -> None:
    made = client(max_retries=2)
    refused: list[tuple[type[openai.APIStatusError], dict[str, Any], str | None]] = [
        (openai.BadRequestError, {"background": True}, "unsupported_parameter"),
        (openai.BadRequestError, {"input": []}, "invalid_param"),
        (openai.NotFoundError, {"model": "no-such-app"}, "model_not_found"),
    ]
    for error, fields, code in refused:
        with pytest.raises(error) as raised:
            made.responses.create(**{"model": PARROT, "input": "hi", **fields})
        assert raised.value.code == code
    with pytest.raises(openai.AuthenticationError):
        client(key="wrong").responses.create(model=PARROT, input="hi")
    for gone in (made.responses.retrieve, made.responses.delete):
        with pytest.raises(openai.NotFoundError, match="not kept"):
            gone("resp_1")
    before = len(runs(made))
    with pytest.raises(openai.RateLimitError) as limited:
        made.responses.create(model="broken-2-50", input="hi")
    assert limited.value.response.headers["x-should-retry"] == "false"
    stream = made.responses.create(model="broken-2-300", input="hi", stream=True)
    kinds = (event.type for event in stream)
    told = [next(kinds) for _ in range(7)]
    assert told[-2:] == ["response.output_text.delta", "response.failed"]
    with pytest.raises(openai.APIError, match="quota exceeded"):
        next(kinds)
    assert len(runs(made)) == before + 2


def test_asynchronous_callers_are_answered(workspace: Workspace) -> None:
    url = workspace.endpoint(settings={"api_key": KEY})

    async def ask(made: AsyncOpenAI, number: int) -> tuple[str, str]:
        whole = await made.responses.create(model=PARROT, input=f"number {number}")
        async with made.responses.stream(model=PARROT, input=f"number {number}") as stream:
            return whole.output_text, (await stream.get_final_response()).output_text

    async def everyone() -> list[tuple[str, str]]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as made:
            return await asyncio.gather(*(ask(made, number) for number in range(5)))

    assert asyncio.run(everyone()) == [(f"number {number}",) * 2 for number in range(5)]


@pytest.mark.parametrize("path", ["", "/duck/parrot/v1", "/duck/parrot"])
def test_the_same_stands_without_v1_and_below_an_app(client: Make, path: str) -> None:
    assert client(path=path).responses.create(model=PARROT, input="hi").output_text == "hi"


def test_other_methods_are_told_what_there_is(shared: OpenAI) -> None:
    headers = {"X-API-Key": KEY}
    answer = httpx.get(f"{shared.base_url}responses", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    answer = httpx.post(f"{shared.base_url}responses/resp_1/cancel", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")


def test_a_client_that_asks_again_by_itself_after_a_time_out_goes_on(client: Make, runs: Calls) -> None:
    """When a caller leaves nothing can be written, and the conversation must not be lost for that."""
    made = client(max_retries=1)
    first = made.responses.create(model="parrot-900", input="one")
    with pytest.raises(openai.APITimeoutError):
        made.with_options(timeout=0.5).responses.create(
            model="parrot-900", input="two", previous_response_id=first.id
        )
    made.responses.create(model="parrot-900", input="two", previous_response_id=first.id)
    begun, *gone_on = [call["conversation_id"] for call in runs(made)]
    assert (begun, len(gone_on), len(set(gone_on))) == ("", 3, 1)
