import re

import httpx

from workspace.testing import Workspace


def test_the_start_page_links_every_demo_app_in_every_format_with_its_key(duck_workspace: Workspace) -> None:
    page = httpx.get(f"{duck_workspace.url}/").text
    links = re.findall(r'href="(/e/duck/[^"]+)"', page)
    assert len(links) == 3 * 7
    assert links[0] == "/e/duck/duck/demo-chat?query=Why+do+ducks+quack%3F&amp;key=quack-quack"
    assert all("key=quack-quack" in link for link in links)
    assert "tests/documented-duck:0.0.1" in page
    assert "<script" not in page


def test_whatever_a_caller_sends_is_escaped_on_the_page(duck_workspace: Workspace) -> None:
    httpx.get(f"{duck_workspace.endpoint()}/<script>alert(1)</script>")
    page = httpx.get(f"{duck_workspace.url}/").text
    assert "/&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_the_terminal_shows_the_same_links(duck_workspace: Workspace) -> None:
    duck_workspace.line(f"{duck_workspace.url}/e/duck/duck/demo-chat?query=Why+do+ducks+quack%3F&key=quack-quack")


def test_unknown_faults_are_refused(duck_workspace: Workspace) -> None:
    answer = httpx.put(f"{duck_workspace.url}/workspace/endpoints/x", json={"faults": {"gravity": 1}})
    assert (answer.status_code, answer.json()) == (400, {"error": "unknown faults: gravity"})
