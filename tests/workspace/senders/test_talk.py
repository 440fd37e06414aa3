"""The page on which one writes as a person."""

import re

import httpx
import pytest

from workspace.senders.posting import POSTERS
from workspace.senders.talk import PLACES
from workspace.testing import Workspace, until

SAME = {"Sec-Fetch-Site": "same-origin"}


def test_the_start_page_leads_to_a_chat_for_each_sender(duck_workspace: Workspace) -> None:
    assert 'href="/chat"' in httpx.get(duck_workspace.url).text
    page = httpx.get(f"{duck_workspace.url}/chat", follow_redirects=True).text
    assert re.findall(r'href="/chat/(\w+)"', page) == list(POSTERS)
    assert set(PLACES) == set(POSTERS)


@pytest.mark.parametrize("name", POSTERS)
def test_each_sender_has_a_page_with_its_places(duck_workspace: Workspace, name: str) -> None:
    answer = httpx.get(f"{duck_workspace.url}/chat/{name}?place=99999&thread=%22%3E%3Cscript%3E")
    assert (answer.status_code, answer.text.count("<option ")) == (200, len(PLACES[name]))
    [nonce] = re.findall(r"script-src 'nonce-([\w-]+)'", answer.headers["content-security-policy"])
    assert re.findall(r"<script[^>]*>", answer.text) == [f'<script nonce="{nonce}">']


def test_what_is_written_is_posted_and_what_comes_back_is_seen(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("slack")
    sender.clear()
    with httpx.Client(base_url=duck_workspace.url) as client:
        written = {"text": "Is <b>1</b> & 2?", "place": "0", "mention": "on"}
        assert client.post("/chat/slack", data=written, headers=SAME).headers["location"] == "/chat/slack?place=0"
        # the documentation's Duck takes no webhook: what is seen is that it refuses
        until(lambda: "Slack waits 3 s: refused" in client.get("/chat/slack/now").text)
        [asked] = sender.chat()
        call = {"channel": "C0POND", "thread_ts": asked["id"], "markdown_text": "**Quack** <script>"}
        client.post("/senders/slack/chat.postMessage", json=call, headers={"Authorization": f"Bearer {sender.token}"})
        shown = client.get("/chat/slack/now").text
        assert "Is &lt;b&gt;1&lt;/b&gt; &amp; 2?" in shown
        assert "<strong>Quack</strong> &lt;script&gt;" in shown
        assert [seen.split('"')[1] for seen in re.findall(r"<article class=\"[^\"]*\"", shown)] == [
            "person",
            "bot below",
        ]


def test_nobody_elses_page_writes_here(duck_workspace: Workspace) -> None:
    client = duck_workspace.client
    assert client.post("/chat/slack", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/chat/pigeon", data={"text": "x"}).status_code == 404
    assert client.get("/chat/pigeon").status_code == client.get("/chat/pigeon/now").status_code == 404
