"""What goes wrong, as OpenAI's own client raises it; bad input reaches neither an app nor Dify's files."""

import re
from base64 import b64decode
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import PNG, PNG_URL, Calls, Make, hear, say, user
from tests.leaks import nothing_leaks

HI: dict[str, Any] = {"role": "user", "content": "hi"}
BYE: dict[str, Any] = {"role": "assistant", "content": "bye"}
TAKES = "chatform-file.picture"


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def asking(*parts: Any) -> list[Any]:
    return [user([{"type": "text", "text": "what is it"}, *parts])]


def file(**fields: Any) -> list[Any]:
    return asking({"type": "file", "file": fields})


BAD = openai.BadRequestError


@pytest.mark.parametrize(
    ("fields", "raised", "param", "told"),
    [
        ({"messages": []}, BAD, "messages", "at least one message"),
        ({"messages": [{**HI, "role": "duck"}]}, BAD, "messages[0].role", "must be one of assistant"),
        ({"messages": [{"role": "user"}]}, BAD, "messages[0].content", "a text or a list of parts"),
        ({"messages": [{"role": "user", "content": " "}]}, BAD, "messages[0].content", "is empty"),
        ({"messages": [HI, BYE]}, BAD, "messages", "The last message must be the user's"),
        ({"n": 2}, BAD, "n", "n must be 1"),
        ({"n": [1]}, BAD, "n", "n must be 1"),
        ({"stream": "yes"}, BAD, "stream", "true or false"),
        ({"stream_options": 1}, BAD, "stream_options", "an object"),
        ({"user": 7}, BAD, "user", "must be a text"),
        ({"model": 7}, BAD, "model", "must be a text"),
        ({"model": ""}, BAD, "model", "Name a model"),
        ({"model": "gpt-4"}, openai.NotFoundError, "model", "app not found"),
        ({"messages": [HI] * 500}, BAD, "messages", "fewer than 500"),
        ({"messages": [{**HI, "content": "x" * 5_000_000}, BYE, HI]}, BAD, "messages", "too long"),
        ({"messages": [{**HI, "content": "ü" * 2_500_000}, BYE, HI]}, BAD, "messages", "too long"),
        ({"messages": asking(image("data:image/png;base64,ab§"))}, BAD, "messages[0].content[1]", "not base64"),
        ({"messages": asking(image("data:image/png;base64,"))}, BAD, "messages[0].content[1]", "empty file"),
        ({"messages": asking(image("data:,"))}, BAD, "messages[0].content[1]", "empty file"),
        ({"messages": asking(image("data:junk"))}, BAD, "messages[0].content[1]", "comma"),
        ({"messages": asking(image("file:///etc/passwd"))}, BAD, "messages[0].content[1]", "begins with https://"),
        ({"messages": asking(image("gopher://a.example/"))}, BAD, "messages[0].content[1]", "begins with https://"),
        ({"messages": asking({"type": "video_url"})}, BAD, "messages[0].content[1].type", "must be one of text"),
        ({"messages": asking({"type": ["text"]})}, BAD, "messages[0].content[1].type", "must be one of text"),
        ({"messages": file(file_data="", filename="a.txt")}, BAD, "messages[0].content[1]", "must be a text"),
        ({"messages": file(file_data="§", filename="a.txt")}, BAD, "messages[0].content[1]", "not base64"),
        ({"messages": file(file_id="file-abc123")}, BAD, None, "none that this endpoint has issued"),
        ({"messages": asking(image(PNG_URL)), "model": "parrot"}, BAD, None, "takes no files"),
        ({"messages": asking(*[image(PNG_URL)] * 2), "model": TAKES}, BAD, None, "picture"),
        ({"messages": asking(*[image(PNG_URL)] * 21), "model": TAKES}, openai.APIStatusError, None, "20 files"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", str(value))[:60] if isinstance(value, dict) else "",
)  # fmt: skip
def test_bad_input_is_told_and_reaches_nothing(
    client: Make, runs: Calls, fields: dict[str, Any], raised: type[openai.APIStatusError], param: str, told: str
) -> None:
    made = client(max_retries=2)
    with pytest.raises(raised, match=told) as refused:
        made.chat.completions.create(**{"model": TAKES, "messages": [HI], **fields})
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
    assert refused.value.request_id == refused.value.response.headers["x-request-id"]
    assert runs(made) == []
    nothing_leaks(refused.value.response, KEY)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("", "application/json", 400),
        ('{"model": "parrot", "messages": [{"role": "user", "content": "hi"}]}', "text/plain", 400),
        ("model=parrot&messages=hi", "application/x-www-form-urlencoded", 400),
        ("{}", "application/pdf", 415),
        ("[" * 100_000, "application/json", 400),
        ('{"messages": ' + "[" * 99 + "]" * 99 + "}", "application/json", 400),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "application/json", 400),
        ('{"model": NaN}', "application/json", 400),
        (b'{"model": "\xff"}', "application/json", 400),
        ("{}", "application/json; charset=klingon", 415),
        (b" " * (10 * 1024 * 1024), "application/json", 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_request_is_told_in_openais_shape(
    client: Make, runs: Calls, body: str | bytes, content_type: str, status: int
) -> None:
    made = client(app={"app_id": "parrot"})
    answer = httpx.post(
        f"{made.base_url}chat/completions",
        content=body,
        headers={"Content-Type": content_type, "Authorization": f"Bearer {KEY}"},
    )
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert runs(made) == []
    nothing_leaks(answer, KEY)


def test_a_file_that_is_too_large_for_dify_is_told(client: Make, runs: Calls) -> None:
    made = client()
    with pytest.raises(openai.APIStatusError) as refused:
        hear(made, "demo-chat", *asking(image("data:image/png;base64," + "A" * 11_000_000)))
    assert refused.value.status_code == 413
    assert runs(made) == []


def test_another_endpoints_file_is_none_here(client: Make, runs: Calls) -> None:
    mine, others = client(), client()
    issued = others.files.create(file=("duck.png", b64decode(PNG)), purpose="user_data").id
    with pytest.raises(BAD, match="none that this endpoint has issued"):
        say(mine, TAKES, *file(file_id=issued))
    assert runs(mine) == []
    assert '"tool_file_id"' in say(others, TAKES, *file(file_id=issued))


@pytest.mark.parametrize(
    ("settings", "raised", "told"),
    [
        ({"key": "wrong"}, openai.AuthenticationError, "The key is wrong."),
        ({"api_key": ""}, openai.AuthenticationError, "has no key yet"),
        ({"access": "signature"}, openai.AuthenticationError, "lets in only who signs"),
        ({"allowed_apps": "echo"}, openai.PermissionDeniedError, "may not run that app"),
        ({"access": "public"}, openai.PermissionDeniedError, "may not run that app"),
        ({"allowed_apps": "x=y=z="}, openai.InternalServerError, "allowed_apps"),
    ],
    ids=["wrong key", "no key set", "only signatures", "not allowed", "public", "settings"],
)
def test_who_is_not_let_in_is_told_why(
    client: Make, runs: Calls, settings: dict[str, Any], raised: type[openai.APIStatusError], told: str
) -> None:
    made = client(**settings)
    for ask in (say, hear):
        with pytest.raises(raised, match=told) as refused:
            ask(made, "parrot", "hi")
        nothing_leaks(refused.value.response, KEY)
    assert runs(made) == []


@pytest.mark.parametrize(
    "path", ["/v1/embeddings", "/v1/chat", "/v1/chat/completions/1", "/v1/", "/v1/files/a/b", "/duck/parrot/v1/nope"]
)
def test_other_paths_are_openais_404(client: Make, path: str) -> None:
    made = client()
    answer = httpx.post(
        str(made.base_url).removesuffix("/v1/") + path, json={}, headers={"Authorization": f"Bearer {KEY}"}
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (404, "invalid_request_error", "unknown_url")


def test_other_resources_and_methods_are_refused(shared: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="nothing at this address"):
        shared.embeddings.create(model="x", input="y")
    answer = httpx.get(f"{shared.base_url}chat/completions", headers={"Authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_a_limit_of_the_owners_is_a_rate_limit(client: Make, runs: Calls) -> None:
    made = client(limit_user="1/hour")
    say(made, "parrot", "hi", user="bob")
    with pytest.raises(openai.RateLimitError, match="ask again in") as refused:
        say(made, "parrot", "hi", user="bob")
    assert 0 < int(refused.value.response.headers["retry-after"]) <= 3600
    assert refused.value.code == "rate_limit_exceeded"
    assert len(runs(made)) == 1


@pytest.mark.parametrize(
    ("app", "status"),
    [
        ("error-something_broke", 502),
        ("broken-0-0-the_model_is_down", 502),
        ("errorevent-0-500-x", 502),
        ("errorevent-0-429-rate_limit_error", 429),
        ("errorevent-2-503-app_unavailable", 503),
        ("error-[models]_Error:_quota_exceeded", 429),
        ("errorevent-2-429-rate_limit_error", 429),
        ("http-500-unknown-Internal_Server_Error", 502),
        ("http-504-x-Slow", 504),
        ("cut-2", 502),
        ("failed-1", 502),
        ("stopped-1", 502),
        ("failedchatflow-1", 502),
        ("realcompletion", 502),
    ],
)
def test_an_app_that_failed_is_not_run_again_by_the_client_itself(
    client: Make, runs: Calls, app: str, status: int
) -> None:
    made = client(max_retries=2)  # the client's default
    with pytest.raises(openai.APIStatusError) as failed:
        say(made, app, "hi")
    assert (failed.value.status_code, failed.value.response.headers["x-should-retry"]) == (status, "false")
    assert isinstance(failed.value, openai.RateLimitError if status == 429 else openai.InternalServerError)
    assert len(runs(made)) == 1
    nothing_leaks(failed.value.response, KEY)


@pytest.mark.parametrize(("app", "status"), [("http-503-x-Down", 503), ("http-429-too_many_requests-Wait", 429)])
def test_what_dify_has_not_begun_is_asked_for_once_more(client: Make, runs: Calls, app: str, status: int) -> None:
    made = client(max_retries=1)
    with pytest.raises(openai.APIStatusError) as refused:
        say(made, app, "hi")
    assert (refused.value.status_code, "x-should-retry" in refused.value.response.headers) == (status, False)
    assert len(runs(made)) == 2


@pytest.mark.parametrize(
    ("app", "said", "told"),
    [
        ("broken-3-30-the_duck_flew_away", 3, "the duck flew away"),
        ("errorevent-3-429-rate_limit_error-slow_down", 3, "slow down"),
        ("cut-3", 3, "broke off"),
        ("failed-2", 2, "the duck flew away"),
        ("failedchatflow-2", 2, "the duck flew away"),
        ("stopped-2", 2, "Stopped by user."),
    ],
)
def test_an_app_that_fails_midway_raises_in_the_middle_of_the_stream(
    client: Make, runs: Calls, app: str, said: int, told: str
) -> None:
    made = client(max_retries=2)
    with pytest.raises(openai.APIError, match=told) as failed:
        hear(made, app, "hi")
    assert type(failed.value) is openai.APIError
    assert len(runs(made)) == 1
    body = failed.value.body
    assert isinstance(body, dict)
    assert set(body) == {"message", "type", "param", "code"}
    with made.chat.completions.with_streaming_response.create(
        model=app, messages=[user("hi")], stream=True
    ) as response:
        text = "".join(response.iter_text())
    assert "[DONE]" not in text
    assert text.count('"content":"') == said + 1
    nothing_leaks(text, KEY)


def test_an_app_that_fails_at_once_gives_a_stream_its_real_status(client: Make, runs: Calls) -> None:
    made = client(max_retries=2)
    with pytest.raises(openai.InternalServerError):
        hear(made, "error-something_broke", "hi")
    with pytest.raises(openai.NotFoundError):
        hear(made, "nope", "hi")
    assert len(runs(made)) == 1


def test_nothing_of_the_settings_is_told_to_the_public(client: Make) -> None:
    made = client(access="public", allowed_apps="x=y=z=", webhook_secret="a-secret-of-mine")
    with pytest.raises(openai.InternalServerError, match="not set up yet") as refused:
        say(made, "parrot", "hi")
    nothing_leaks(refused.value.response, KEY, "a-secret-of-mine", "allowed_apps")


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_was_too_large_to_be_kept_is_not_given_empty(client: Make, runs: Calls, stream: bool) -> None:
    made = client(max_retries=2)
    asked: dict[str, Any] = {"model": "big-300000", "messages": [HI], "stream": stream}
    headers = {"Idempotency-Key": "once"}
    answered = made.chat.completions.create(**asked, extra_headers=headers)
    if stream:
        list(answered)
    with pytest.raises(openai.ConflictError) as refused:
        made.chat.completions.create(**asked, extra_headers=headers)
    assert refused.value.code == "answer_not_kept"
    assert len(runs(made)) == 1
