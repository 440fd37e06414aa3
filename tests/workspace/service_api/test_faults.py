import httpx
import pytest

from workspace.testing import Workspace

KEY = {"Authorization": "Bearer app-chat-9-0"}
RUN = {"inputs": {}, "query": "hi", "user": "ann", "response_mode": "streaming"}
SHORT = httpx.Timeout(5, read=0.3)


def faulty(workspace: Workspace, fault: str, **more: str) -> str:
    return workspace.service_api(workspace.endpoint(faults={"service_api": fault, **more}))


def run(base_url: str) -> httpx.Response:
    return httpx.post(f"{base_url}/chat-messages", json=RUN, headers=KEY, timeout=SHORT)


def info(base_url: str) -> httpx.Response:
    return httpx.get(f"{base_url}/info", headers=KEY, timeout=SHORT)


@pytest.mark.parametrize(
    ("fault", "error"), [("reset", (httpx.RemoteProtocolError, httpx.ReadError)), ("hang", (httpx.ReadTimeout,))]
)
def test_there_may_be_no_answer_at_all(
    duck_workspace: Workspace, fault: str, error: tuple[type[Exception], ...]
) -> None:
    base_url = faulty(duck_workspace, fault)
    for ask in (run, info):
        with pytest.raises(error):
            ask(base_url)


@pytest.mark.parametrize(
    ("fault", "status", "media_type"),
    [
        ("gateway", 502, "text/html; charset=utf-8"),
        ("page", 200, "text/html; charset=utf-8"),
        ("redirect", 302, None),
        ("disabled", 403, "application/json"),
    ],
)
def test_another_answer_may_stand_there(
    duck_workspace: Workspace, fault: str, status: int, media_type: str | None
) -> None:
    base_url = faulty(duck_workspace, fault)
    for ask in (run, info):
        answer = ask(base_url)
        assert (answer.status_code, answer.headers.get("Content-Type")) == (status, media_type)
    kinds = [
        (call["type"], call["outcome"], call["request"]["fault"])
        for call in duck_workspace.calls(hook=base_url.split("/")[-2])
    ]
    assert kinds == [("app", "failed", fault), ("service_api", "failed", fault)]


def test_who_follows_a_redirect_is_seen(duck_workspace: Workspace) -> None:
    base_url = faulty(duck_workspace, "redirect")
    assert info(base_url).headers["Location"].endswith(f"{base_url.removeprefix(duck_workspace.url)}/moved")


def test_a_fault_may_be_of_runs_alone(duck_workspace: Workspace) -> None:
    base_url = faulty(duck_workspace, "gateway", service_api_only="run")
    assert (run(base_url).status_code, info(base_url).status_code) == (502, 200)


def test_a_stream_may_stay_silent_though_it_has_begun(duck_workspace: Workspace) -> None:
    base_url = faulty(duck_workspace, "silent")
    with httpx.stream("POST", f"{base_url}/chat-messages", json=RUN, headers=KEY, timeout=SHORT) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        with pytest.raises(httpx.ReadTimeout):
            answer.read()
    assert info(base_url).status_code == 200


def test_a_stream_may_be_garbage(duck_workspace: Workspace) -> None:
    answer = run(faulty(duck_workspace, "garbage"))
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.content.startswith(b"data: quack quack\n\n")


def test_a_stream_may_be_cut_while_the_app_goes_on(duck_workspace: Workspace) -> None:
    base_url = faulty(duck_workspace, "cut")
    lines: list[str] = []
    with (
        httpx.stream("POST", f"{base_url}/chat-messages", json=RUN, headers=KEY) as answer,
        pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
    ):
        lines.extend(line for line in answer.iter_lines() if line)
    assert len(lines) == 3
    (call,) = duck_workspace.ended_calls(hook=base_url.split("/")[-2])
    assert (call["outcome"], call["events"]) == ("finished", 10)


@pytest.mark.parametrize("faults", [{"service_api": "quack"}, {"service_api_only": "quack"}])
def test_an_unknown_fault_is_refused(duck_workspace: Workspace, faults: dict[str, str]) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        duck_workspace.endpoint(faults=faults)
