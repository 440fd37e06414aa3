"""What the workspace's start page says to enter in a client."""

import html
import re

import httpx
import openai

from workspace.testing import Workspace


def test_what_the_start_page_says_to_enter_works(workspace: Workspace) -> None:
    page = html.unescape(httpx.get(f"{workspace.url}/").text)
    command = re.search(
        r"curl -N (\S+) -H 'Authorization: Bearer (\S+)' .* -d '(.*)'</pre>\n\n<p><a href=\"/chat", page
    )
    assert command
    url, key, body = command.groups()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    assert httpx.post(url, headers=headers, content=body).text.endswith("data: [DONE]\n\n")
    with openai.OpenAI(base_url=url.removesuffix("/chat/completions"), api_key=key) as client:
        assert [model.id for model in client.models.list()] == ["duck-chat", "duck-workflow"]
    workspace.line(f"base URL {workspace.url}/e/clients/v1, key {key}, model duck-chat")


def test_the_terminal_shows_what_to_open_and_no_pages_of_routes(workspace: Workspace) -> None:
    [routes] = [line for line in workspace.printed if "Installed endpoint" in line]
    assert re.fullmatch(r"plugin INFO: Installed endpoints: \d{3}, as in group/duck.yaml\n?", routes)
