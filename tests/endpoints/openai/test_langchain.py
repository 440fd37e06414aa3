"""LangChain's ChatOpenAI, as it is published."""

import asyncio
from collections.abc import Callable
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import PNG, PNG_URL
from workspace.testing import Workspace

type Runs = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def url(workspace: Workspace) -> str:
    return workspace.endpoint(settings={"api_key": KEY, "allowed_apps": ""})


@pytest.fixture
def runs(workspace: Workspace, url: str) -> Runs:
    return lambda: [call["request"] for call in workspace.calls(hook=url) if call["type"] == "app"]


def model(url: str, name: str, *, key: str = KEY, **fields: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=f"{url}/v1", api_key=SecretStr(key), model=name, **fields)


def test_an_app_answers(url: str) -> None:
    answer = model(url, "chat-3-0").invoke("hi")
    assert (answer.content, answer.response_metadata["finish_reason"]) == (" tok0 tok1 tok2", "stop")
    assert answer.usage_metadata
    assert (answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]) == (10, 20)
    assert answer.response_metadata["model_name"] == "chat-3-0"


def test_an_app_streams(url: str) -> None:
    chunks = list(model(url, "chat-3-40", stream_usage=True).stream("hi"))
    assert [chunk.content for chunk in chunks if chunk.content] == [" tok0", " tok1", " tok2"]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert isinstance(whole, AIMessageChunk)
    assert whole.usage_metadata
    assert whole.usage_metadata["total_tokens"] == 30


@pytest.mark.parametrize("how", ["invoke", "stream"])
def test_a_second_turn_goes_on_in_the_same_conversation(url: str, runs: Runs, how: str) -> None:
    chat = model(url, "parrot")
    messages: list[BaseMessage] = [SystemMessage("Be a duck."), HumanMessage("one")]
    if how == "invoke":
        messages.append(chat.invoke(messages))
    else:
        first, *others = chat.stream(messages)
        for chunk in others:
            first += chunk
        messages.append(first)
    assert chat.invoke([*messages, HumanMessage("two")]).content == "two"
    assert [(call["query"], bool(call["conversation_id"])) for call in runs()] == [
        ("Be a duck.\n\none", False),
        ("two", True),
    ]


def test_an_image_reaches_the_app(url: str) -> None:
    chat = model(url, "chatform-file.picture")
    for block in (
        {"type": "image_url", "image_url": {"url": PNG_URL}},
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
        {"type": "image", "url": "https://pond.example/duck.png"},
    ):
        answer = chat.invoke([HumanMessage([{"type": "text", "text": "what is it"}, block])])
        assert '"type": "image"' in str(answer.content)


def test_a_chain_in_async_answers(url: str) -> None:
    chain = ChatPromptTemplate.from_messages([("human", "{animal}")]) | model(url, "parrot") | StrOutputParser()

    async def everyone() -> list[str]:
        return await asyncio.gather(*(chain.ainvoke({"animal": f"duck {number}"}) for number in range(3)))

    assert asyncio.run(everyone()) == ["duck 0", "duck 1", "duck 2"]


@pytest.mark.parametrize(
    ("name", "key", "raised"),
    [
        ("parrot", "wrong", openai.AuthenticationError),
        ("nope", KEY, openai.NotFoundError),
        ("error-something_broke", KEY, openai.InternalServerError),
        ("errorevent-0-400-invalid_param-bad_input", KEY, openai.BadRequestError),
    ],
)
def test_errors_are_openais(url: str, runs: Runs, name: str, key: str, raised: type[openai.APIError]) -> None:
    with pytest.raises(raised):
        model(url, name, key=key).invoke("hi")
    assert len(runs()) <= 1


def test_an_app_that_fails_midway_raises(url: str, runs: Runs) -> None:
    heard = []
    with pytest.raises(openai.APIError, match="flew away"):  # noqa: PT012 - it is raised by what is read
        for chunk in model(url, "broken-2-30-it_flew_away").stream("hi"):
            heard.append(chunk.content)  # noqa: PERF401 - an exception leaves nothing of a list that is not there yet
    assert "".join(map(str, heard)) == " tok0 tok1"
    assert len(runs()) == 1
