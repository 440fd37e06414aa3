"""OpenAI's own client, as it is published, at an endpoint of the workspace."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.endpoints.conftest import KEY
from workspace.testing import Workspace

type Make = Callable[..., OpenAI]
type Calls = Callable[[OpenAI], list[dict[str, Any]]]

# one pixel
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)  # fmt: skip
PNG_URL = f"data:image/png;base64,{PNG}"
TOUCHES = frozenset({"app", "upload_file"})  # what of Dify costs or keeps something


@pytest.fixture
def client(workspace: Workspace) -> Iterator[Make]:
    """Make an endpoint with the given settings and give a client of it that holds its key, and does not retry."""
    made: list[OpenAI] = []

    def make(
        *, path: str = "/v1", key: str = KEY, max_retries: int = 0, timeout: float = 60, **settings: Any
    ) -> OpenAI:
        url = workspace.endpoint(settings={"api_key": KEY, **settings})
        made.append(OpenAI(base_url=f"{url}{path}", api_key=key, max_retries=max_retries, timeout=timeout))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def shared(workspace: Workspace) -> Iterator[OpenAI]:
    """A client of an endpoint with nothing but a key set, for tests that look at no calls."""
    url = workspace.endpoint(settings={"api_key": KEY})
    with OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60) as made:
        yield made


@pytest.fixture
def runs(workspace: Workspace) -> Calls:
    """Give what reached Dify's apps and files of an endpoint."""

    def of(made: OpenAI) -> list[dict[str, Any]]:
        hook = str(made.base_url).partition("/e/")[2].partition("/")[0]
        return [call["request"] for call in workspace.calls(hook=hook) if call["type"] in TOUCHES]

    return of


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


def say(made: OpenAI, model: str, *messages: Any, **fields: Any) -> str:
    """Ask, and give the answer's text; a message that is a text is the user's."""
    sent: Any = [user(one) if isinstance(one, str) else one for one in messages]
    answer: ChatCompletion = made.chat.completions.create(model=model, messages=sent, **fields)
    return answer.choices[0].message.content or ""


def hear(made: OpenAI, model: str, *messages: Any, **fields: Any) -> list[ChatCompletionChunk]:
    """Ask for a stream, and give its chunks."""
    sent: Any = [user(one) if isinstance(one, str) else one for one in messages]
    return list(made.chat.completions.create(model=model, messages=sent, stream=True, **fields))


def text(chunks: Sequence[ChatCompletionChunk]) -> str:
    return "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)


class Chat:
    """What a chat program does: it keeps all that was said, and sends it with each question."""

    def __init__(self, made: OpenAI, model: str, system: str = "", **fields: Any) -> None:
        self.made, self.model, self.fields = made, model, fields
        self.messages: list[Any] = [{"role": "system", "content": system}] if system else []

    def say(self, question: str) -> str:
        self.messages.append(user(question))
        answer = say(self.made, self.model, *self.messages, **self.fields)
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    def hear(self, question: str) -> str:
        """Ask for a stream."""
        self.messages.append(user(question))
        answer = text(hear(self.made, self.model, *self.messages, **self.fields))
        self.messages.append({"role": "assistant", "content": answer})
        return answer
