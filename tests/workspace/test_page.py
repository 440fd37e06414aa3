import re

import httpx

from workspace.testing import Workspace


def test_the_start_page_links_every_chat_page_and_every_format_with_the_key(
    duck_workspace: Workspace,
) -> None:
    page = httpx.get(f"{duck_workspace.url}/").text
    links = re.findall(r'href="(/e/duck/[^"]+)"', page)
    faces, demos = links[:4], links[4:]
    assert faces == [
        "/e/duck/duck/demo-guide?key=quack-quack",
        "/e/duck/workflow/demo-report?key=quack-quack",
        "/e/duck/duck/demo-agent?key=quack-quack",
        "/e/duck/workflow/demo-approval?key=quack-quack",
    ]
    assert len(demos) == 3 * 7
    assert demos[0] == "/e/duck/duck/demo-chat?query=Why+do+ducks+quack%3F&amp;key=quack-quack"
    assert all("key=quack-quack" in link for link in links)
    assert "tests/documented-duck:0.0.1" in page
    assert "<script" not in page


def test_whatever_a_caller_sends_is_escaped_on_the_page(duck_workspace: Workspace) -> None:
    httpx.get(f"{duck_workspace.endpoint()}/<script>alert(1)</script>")
    page = httpx.get(f"{duck_workspace.url}/").text
    assert "/&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_the_terminal_shows_the_same_links(duck_workspace: Workspace) -> None:
    duck_workspace.line(f"{duck_workspace.url}/e/duck/duck/demo-guide?key=quack-quack")
    duck_workspace.line(f"{duck_workspace.url}/e/duck/duck/demo-chat?query=Why+do+ducks+quack%3F&key=quack-quack")


def test_an_answer_is_held_back_until_it_is_let_through(duck_workspace: Workspace) -> None:
    with httpx.stream(
        "POST",
        f"{duck_workspace.service_api()}/chat-messages",
        headers={"Authorization": "Bearer app-held-reeds-1"},
        json={"query": "x", "inputs": {}, "user": "ann", "response_mode": "streaming"},
        timeout=60,
    ) as answer:
        lines = answer.iter_lines()
        assert "part 0" in next(line for line in lines if "message" in line)
        duck_workspace.let_through("reeds")
        assert [word for line in lines for word in ("the end", "message_end") if word in line] == [
            "the end",
            "message_end",
        ]


def test_unknown_faults_are_refused(duck_workspace: Workspace) -> None:
    answer = httpx.put(f"{duck_workspace.url}/workspace/endpoints/x", json={"faults": {"gravity": 1}})
    assert (answer.status_code, answer.json()) == (400, {"error": "unknown faults: gravity"})
