"""Dify's Service API can't be used: its owner learns which setting is wrong, all others that they can't help it.

What an address answers with reaches nobody, nor does the key or the address itself.
"""

import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import openai
import pytest
from dify_client.client import CompletionClient

from tests.endpoints.keyed.conftest import ByOpenAI, Keyed, change, dify_of, hook_of, others, runs
from tests.endpoints.later import accepted, ask, ended
from tests.endpoints.test_service_api import events
from tests.leaks import nothing_leaks
from tests.relay.outgoing.formats.test_lines import read_sse
from workspace.testing import Workspace

APP = "realcompletion"
LONG = "completion-5-100"  # goes on for long enough to be cut
WRONG = "app-quackquack"
FORMS = ("json", "sse", "html", "text", "ndjson", "events")
FOREIGN = ("nginx", "Sign in to Dify", "quack quack")  # of what stands in Dify's place
STRANGERS = "This app can't be reached: the endpoint's owner finds in the plugin's log what to change."

NOT_DIFY = "service_api_url: what answers there is not Dify's Service API"
REFUSES = "app_keys: Dify refuses to run this app by its key: The app's API service has been disabled"
NOT_READY = "service_api_url: Dify is not ready (502)"
UNSET = "app_keys has a key for it, but service_api_url is not set"
NOBODY = "service_api_url: nothing answers there, or it can't be reached from here"

FAULTS: Mapping[str, str] = {
    "reset": "service_api_url: the connection broke off before an answer came",
    "gateway": NOT_READY,
    "page": f"{NOT_DIFY} (200 without JSON)",
    "redirect": f"{NOT_DIFY} (a redirect)",
    "disabled": REFUSES,
}


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"


def nothing_is_told(workspace: Workspace, client: httpx.Client, answer: httpx.Response | str, *more: str) -> None:
    """Fail where an answer has the key, the address, or what was answered there."""
    address = workspace.service_api(hook_of(client))
    nothing_leaks(answer, f"app-{APP}", WRONG, address, httpx.URL(address).path, *FOREIGN, *more)


def every_form(client: httpx.Client, app_id: str = APP) -> list[httpx.Response]:
    return [client.post(f"/duck/{app_id}", json={"query": "hi", "format": form}) for form in FORMS]


def is_told(workspace: Workspace, owner: httpx.Client, stranger: httpx.Client, what: str, *secrets: str) -> None:
    """Fail unless the owner alone is told what is wrong, in every form, and the log names it for both."""
    for client, words in ((owner, what), (stranger, STRANGERS)):
        for form, answer in zip(FORMS, every_form(client), strict=True):
            assert answer.status_code == 503, (form, answer.text)
            nothing_is_told(workspace, client, answer, *secrets)
            if form in {"html", "events"}:
                assert "app_unavailable</code>" in answer.text
                assert (what.partition(":")[0] in answer.text) is (client is owner)
            else:
                told = answer.json()
                assert (told["code"], told["status"]) == ("app_unavailable", 503)
                assert words in told["message"]
            logged = workspace.line(answer.headers["x-request-id"])
            assert what in logged
            nothing_is_told(workspace, client, logged, *secrets)
        assert runs(workspace, client) == []
    assert STRANGERS not in owner.post(f"/duck/{APP}", json={"query": "hi"}).text


def both(keyed: Keyed, **settings: Any) -> tuple[httpx.Client, httpx.Client]:
    """Make an endpoint whose callers hold its key, and one that anybody may call."""
    return keyed(APP, **settings), keyed(APP, access="public", allowed_apps=APP, key="", **settings)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_stands_in_difys_place_is_told_to_the_owner_alone(
    keyed: Keyed, workspace: Workspace, fault: str
) -> None:
    owner, stranger = both(keyed, faults={"service_api": fault})
    is_told(workspace, owner, stranger, FAULTS[fault])
    assert not [path for _, path in others(workspace, owner) if "moved" in path], "no redirect is followed"
    change(workspace, owner, APP)
    assert owner.post(f"/duck/{APP}", json={"query": "hi"}).status_code == 200, "Dify is there again"


def test_a_wrong_key_is_told_to_the_owner_alone(keyed: Keyed, workspace: Workspace) -> None:
    owner, stranger = both(keyed, app_keys=f"{APP}={WRONG}")
    is_told(workspace, owner, stranger, "app_keys: Dify refuses the key of this app")
    change(workspace, owner, APP)
    assert owner.post(f"/duck/{APP}", json={"query": "hi"}).status_code == 200


def test_an_address_at_which_nobody_listens_is_told_to_the_owner_alone(
    keyed: Keyed, workspace: Workspace, nowhere: str
) -> None:
    owner, stranger = both(keyed, service_api_url=nowhere)
    is_told(workspace, owner, stranger, NOBODY, nowhere, nowhere.removesuffix("/v1"))


def test_an_address_that_is_not_set_is_told_to_the_owner_alone(keyed: Keyed, workspace: Workspace) -> None:
    owner, stranger = both(keyed, service_api_url="")
    is_told(workspace, owner, stranger, UNSET)


@pytest.mark.parametrize(
    ("fault", "status", "code", "what"),
    [
        ("reset", 502, "app_failed", "broke off before the app's answer came: it may have run"),
        ("gateway", 503, "app_unavailable", NOT_READY),
        ("page", 503, "app_unavailable", f"{NOT_DIFY} (200 without an event stream)"),
        ("redirect", 503, "app_unavailable", f"{NOT_DIFY} (a redirect)"),
        ("disabled", 503, "app_unavailable", REFUSES),
        ("garbage", 502, "app_failed", "The answer broke off"),
    ],
)
def test_what_becomes_of_a_run_is_told_in_every_form_and_dialect(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace, fault: str, status: int, code: str, what: str
) -> None:
    client = keyed(APP, faults={"service_api": fault, "service_api_only": "run"})
    for form, answer in zip(FORMS, every_form(client), strict=True):
        assert answer.status_code == status, (form, answer.text)
        assert code in answer.text
        nothing_is_told(workspace, client, answer)
    assert what in client.post(f"/duck/{APP}", json={"query": "hi"}).json()["message"]
    by_dify = dify_of(CompletionClient, client, APP).create_completion_message({}, "streaming", "bob")
    assert (by_dify.status_code, by_dify.json()["code"], what in by_dify.text) == (status, code, True)
    nothing_is_told(workspace, client, by_dify.text)
    with pytest.raises(openai.APIStatusError) as refused:
        by_openai(client).chat.completions.create(model=APP, messages=[{"role": "user", "content": "hi"}])
    assert (refused.value.status_code, refused.value.code, what in refused.value.message) == (status, code, True)
    nothing_is_told(workspace, client, refused.value.response.text)
    later = ended(client, accepted(ask(client, APP)))
    assert (later["state"], later["error"]["code"], what in later["error"]["message"]) == ("failed", code, True)
    nothing_is_told(workspace, client, str(later))
    assert not [path for _, path in others(workspace, client) if "moved" in path]


def test_an_answer_that_is_cut_is_told_in_the_stream_and_refused_whole(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace
) -> None:
    client = keyed(LONG, faults={"service_api": "cut"})
    whole, streamed, page, *_ = every_form(client, LONG)
    assert (whole.status_code, whole.json()["code"]) == (502, "app_failed")
    told = read_sse(streamed.content)
    assert [event["event"] for event in told] == ["message"] * 3 + ["error"]
    assert (told[-1]["code"], told[-1]["status"]) == ("app_failed", 502)
    assert "tok2" in page.text
    assert "<code>app_failed</code>" in page.text
    by_dify = dify_of(CompletionClient, client, LONG).create_completion_message({}, "streaming", "bob")
    assert [event["event"] for event in events(by_dify.iter_lines())] == ["message"] * 3 + ["error"]
    with pytest.raises(openai.APIError) as broken:
        list(
            by_openai(client).chat.completions.create(
                model=LONG, messages=[{"role": "user", "content": "hi"}], stream=True
            )
        )
    assert broken.value.code == "app_failed"
    for answer in (whole.text, streamed.text, page.text, str(broken.value.body)):
        nothing_is_told(workspace, client, answer, f"app-{LONG}")
    change(workspace, client, LONG)
    assert client.post(f"/duck/{LONG}", json={"query": "hi"}).status_code == 200


def test_none_of_it_is_in_the_log(workspace: Workspace) -> None:
    printed = "".join(workspace.printed)
    assert [secret for secret in (f"app-{APP}", WRONG, "/dify/", *FOREIGN) if secret in printed] == []
