"""What the stand-ins of GitHub and GitLab take and refuse."""

import asyncio

import httpx2 as httpx
import pytest
from gidgethub import BadRequest, ValidationError
from gidgethub.httpx import GitHubAPI

from tests.workspace.senders.conftest import Call, Clock, caller
from workspace.senders.github import GitHub
from workspace.senders.gitlab import GitLab
from workspace.testing import Workspace

COMMENTS = "/repos/duck/pond/issues/7/comments"
NOTES = "/projects/duck%2Fpond/issues/7/notes"


@pytest.fixture
def github(clock: Clock) -> GitHub:
    return GitHub(clock)


@pytest.fixture
def gitlab(clock: Clock) -> GitLab:
    return GitLab(clock)


@pytest.fixture
def hub(github: GitHub) -> Call:
    return caller(github, authorization="Bearer ghp_quack")


@pytest.fixture
def lab(gitlab: GitLab) -> Call:
    return caller(gitlab, private_token="glpat-quack")


def test_a_library_for_github_comments_edits_and_looks_for_its_comment(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("github")
    sender.clear()

    async def talk() -> list[str]:
        async with httpx.AsyncClient() as client:
            api = GitHubAPI(client, "tests", oauth_token=sender.token, base_url=sender.base)
            comment = await api.post(COMMENTS, data={"body": "Wait"})
            await api.patch(f"/repos/duck/pond/issues/comments/{comment['id']}", data={"body": "**Quack**"})
            with pytest.raises(ValidationError):
                await api.post(COMMENTS, data={"body": "x" * 65_537})
            with pytest.raises(BadRequest):
                await api.getitem("/repos/duck/pond/issues/comments/1")
            return [found["body"] async for found in api.getiter(COMMENTS)]

    assert asyncio.run(talk()) == ["**Quack**"]
    assert [(m["place"], m["text"], m["edits"]) for m in sender.chat()] == [("duck/pond#7", "**Quack**", 1)]


def test_github_says_what_is_wrong(hub: Call, github: GitHub) -> None:
    assert hub(f"POST {COMMENTS}", {"body": "x" * 65_536}).status == 201
    assert hub(f"POST {COMMENTS}", {"body": " "}).body["errors"][0]["message"] == "Body cannot be blank"
    assert hub(f"POST {COMMENTS}", {"text": "x"}).body["message"] == 'Invalid request.\n\n"body" wasn\'t supplied.'
    assert hub(f"POST {COMMENTS}", {"body": 1}).status == 422
    assert hub("POST /repos/duck/issues/7/comments", {"body": "x"}).status == 404
    wrong = caller(github, authorization="Bearer x")
    assert wrong(f"POST {COMMENTS}", {"body": "x"}).body["message"] == "Bad credentials"
    assert hub("GET /user", user_agent="").status == 403
    assert hub("GET /user").body["login"] == "quack-bot"


def test_only_ones_own_comment_is_edited(hub: Call, github: GitHub) -> None:
    comment = hub(f"POST {COMMENTS}", {"body": "x"}).body
    address = f"PATCH /repos/duck/pond/issues/comments/{comment['id']}"
    assert hub(address.replace("pond", "lake"), {"body": "y"}).status == 404
    github.chat.messages[0].by = "person"
    assert hub(address, {"body": "y"}).status == 403
    github.faults.message_deleted = True
    assert hub(address, {"body": "y"}).status == 404


def test_gitlab_takes_notes_of_issues_and_merge_requests(lab: Call, gitlab: GitLab) -> None:
    note = lab(f"POST {NOTES}", {"body": "Wait"}).body
    assert lab(f"PUT {NOTES}/{note['id']}", {"body": "Quack"}).body["body"] == "Quack"
    assert lab("POST /api/v4/projects/70/merge_requests/8/notes", {"body": "x"}).status == 201
    assert lab("POST /projects/70/issues/7/discussions/d1/notes", {"body": "x"}).status == 201
    assert [(m.place, m.thread, m.text) for m in gitlab.chat.messages] == [
        ("duck/pond#7", "", "Quack"),
        ("duck/pond!8", "", "x"),
        ("duck/pond#7", "d1", "x"),
    ]
    assert [found["body"] for found in lab(f"GET {NOTES}").body] == ["Quack", "x"]


def test_gitlab_says_what_is_wrong(lab: Call, gitlab: GitLab) -> None:
    assert lab(f"POST {NOTES}", {}).body == {"error": "body is missing"}
    assert "can't be blank" in lab(f"POST {NOTES}", {"body": ""}).body["message"]
    assert lab(f"POST {NOTES}", {"body": "x" * 1_000_000}).status == 201
    assert "is too long" in lab(f"POST {NOTES}", {"body": "x" * 1_000_001}).body["message"]
    assert lab(f"PUT {NOTES}/1", {"body": "x"}).body == {"message": "404 Note Not Found"}
    assert lab("GET /user").body["username"] == "quack_bot"
    assert caller(gitlab)("GET /user").body == {"message": "401 Unauthorized"}
    assert caller(gitlab, private_token="glpat-expired")("GET /user").body["error"] == "invalid_token"
