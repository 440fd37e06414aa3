"""A person in a browser ends a run by the stop button of its page, and nobody else does."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.visit import FRAMED, IN_FRAME, INSIDE, LINKED, PAGE, PUBLIC, STOPS, asks_app_text, post, sign_in
from workspace.testing import Workspace


@contextmanager
def running(
    client: httpx.Client, app: str = "chat-400-50", headers: Mapping[str, str] = INSIDE
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Post a question; give the task's id when it has begun, and what gives the whole page when it has ended."""
    text = ""
    sent = {name: (None, value) for name, value in {**PAGE, "query": "hi"}.items()}
    with client.stream("POST", f"/duck/{app}", files=sent, headers=headers) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_text()
        while not (found := re.search(r'name="duck\.stop" value="([^"]+)"', text)):
            text += next(chunks)

        def whole() -> str:
            return text + "".join(chunks)

        yield unescape(found[1]), whole


@pytest.mark.parametrize("app", ["chat-400-50", "workflow-400-50", "chatflow-400-50"])
def test_the_stop_button_ends_the_run_and_what_was_said_stays(
    known: httpx.Client, workspace: Workspace, app: str
) -> None:
    with running(known, app) as (task, whole):
        # the frame that takes the button's answer is in our own page: the cookie is that of the window
        stopped = post(known, f"/duck/{app}", {**STOPS, "duck.stop": task}, IN_FRAME)
        assert (stopped.status_code, stopped.content) == (204, b"")
        text = whole()
    assert text.count("tok") + text.count("part") < 100
    assert asks_app_text(text)
    [call] = [one for one in workspace.ended_calls(hook=str(known.base_url)) if one["type"] == "app"]
    assert call["events"] < 400


def test_nobody_who_guesses_stops_a_run(known: httpx.Client, endpoint: Open) -> None:
    other, stranger = endpoint(key=None), endpoint(key=None)
    sign_in(other)
    other_app, hook = "chat-30-40", str(known.base_url)
    with running(known, other_app) as (task, whole):
        for one in ("", "x", "../" + task, task.upper(), "0" * 64):
            assert post(known, f"/duck/{other_app}", {**STOPS, "duck.stop": one}).status_code == 204
        for client, headers in ((other, INSIDE), (other, IN_FRAME)):
            assert post(client, f"/duck/{other_app}", {**STOPS, "duck.stop": task}, headers).status_code == 204
        assert post(known, "/duck/chat-31-40", {**STOPS, "duck.stop": task}).status_code == 204
        assert post(known, f"/duck/{other_app}", {**STOPS, "duck.stop": task}, LINKED).status_code == 403
        with httpx.Client(base_url=hook) as nobody:
            assert post(nobody, f"/duck/{other_app}", {**STOPS, "duck.stop": task}).status_code == 401
        by_api = stranger.post(
            f"{hook}duck/{other_app}/chat-messages/{task}/stop", json={"user": "u"}, headers={"X-API-Key": KEY}
        )
        assert by_api.status_code == 200
        assert "tok29" in whole()


def test_the_public_stops_its_own_run(endpoint: Open) -> None:
    client = endpoint(**PUBLIC, allowed_apps="chat-400-50")
    with running(client, headers=LINKED) as (task, whole):
        assert post(client, "/duck/chat-400-50", {**STOPS, "duck.stop": task}, FRAMED).status_code == 204
        assert "tok399" not in whole()
