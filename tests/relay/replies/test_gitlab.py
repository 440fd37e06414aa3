from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.gitlab import CHANNEL
from tests.relay.replies.hostile import HOSTILE

NOTE, ANOTHER = CHANNEL.rungs
DISCUSSION = "6a9c1750b37d513a43987b574953fceb50b03ce7"
TARGET = Target(
    to={"project": "5", "kind": "issues", "number": "7"},
    token="project-token",
    delivery_id="0123456789abcdef0123456789abcdef",
)
IN_DISCUSSION = replace(
    TARGET, to={"project": "5", "kind": "merge_requests", "number": "9", "discussion": DISCUSSION}
)
HEADERS = {"PRIVATE-TOKEN": "project-token"}
BODY = {"body": "quack\n\n<!-- duck-relay:0123456789abcdef0123456789abcdef -->"}
PIECES = [Piece(text="quack")]
POST = NOTE.post(TARGET, PIECES)


def edit(target: Target, note: str = "99") -> Request:
    assert NOTE.edit
    return NOTE.edit(target, note, PIECES[0])


def test_what_was_opened_is_answered_below_it() -> None:
    assert Request(what="post", path="/projects/5/issues/7/notes", headers=HEADERS, body=BODY) == POST


def test_a_note_is_answered_in_its_discussion() -> None:
    path = f"/projects/5/merge_requests/9/discussions/{DISCUSSION}/notes"
    assert NOTE.post(IN_DISCUSSION, PIECES) == Request(what="post", path=path, headers=HEADERS, body=BODY)


@pytest.mark.parametrize(
    ("target", "path"),
    [(TARGET, "/projects/5/issues/7/notes/99"), (IN_DISCUSSION, "/projects/5/merge_requests/9/notes/99")],
)
def test_a_note_is_edited_where_it_stands(target: Target, path: str) -> None:
    request = Request(what="edit", method="PUT", path=path, headers=HEADERS, body=BODY, repeatable=True)
    assert edit(target) == request


def test_there_is_one_note_at_the_start_and_one_edit_at_the_end() -> None:
    assert (NOTE.opening, NOTE.edits, NOTE.limit) == ("An answer is on its way…", 1, 100_000)
    assert (ANOTHER.opening, ANOTHER.edit) == ("", None)
    assert ANOTHER.post(TARGET, PIECES) == POST


def test_an_apps_line_is_no_quick_action() -> None:
    post = NOTE.post(TARGET, [Piece(text="Sure.\n/close\n```\n/merge\n```")])
    assert post.body is not None
    assert post.body["body"].startswith("Sure.\n\\/close\n```\n /merge\n```\n\n<!--")
    assert NOTE.dialect("/close").strip() == "\\/close"


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["project", "kind", "number", "discussion"])
def test_a_payload_leads_nowhere_else(name: str, value: Any) -> None:
    if name == "discussion" and not value:
        return  # none
    with pytest.raises(NoPlace):
        NOTE.post(replace(TARGET, to={**TARGET.to, name: value}), PIECES)


@pytest.mark.parametrize("note", ["..", "99/../../x", "%2e", "9" * 50, "", "0", "-1"])
def test_a_response_leads_nowhere_else(note: str) -> None:
    with pytest.raises(NoPlace):
        edit(TARGET, note)


def test_what_was_posted_is_known_by_its_id() -> None:
    assert NOTE.posted(Response(status=201, body={"id": 99, "body": "quack"})) == "99"


DATE, NOW = "Wed, 21 Oct 2015 07:28:00 GMT", 1445412480
SLOW = Verdict(outcome=Outcome.AGAIN, after=60, reason="asked to slow down (429)")


@pytest.mark.parametrize(
    ("request_", "response", "verdict"),
    [
        (POST, Response(status=201, body={"id": 99}), Verdict(outcome=Outcome.DONE)),
        (POST, Response(status=429), SLOW),
        (POST, Response(status=429, headers={"retry-after": "12"}), replace(SLOW, after=12)),
        (
            POST,
            Response(status=429, headers={"ratelimit-reset": str(NOW + 20), "date": DATE}),
            replace(SLOW, after=20),
        ),
        (
            POST,
            Response(status=429, headers={"retry-after": "9999999999"}),
            replace(SLOW, after=24 * 3600),
        ),
        (POST, Response(status=503), Verdict(outcome=Outcome.AGAIN, reason="the API failed (503)")),
        (
            POST,
            Response(status=524),
            Verdict(outcome=Outcome.NEVER, reason="it is not known whether it arrived (524)"),
        ),
        (
            POST,
            Response(status=400, body={"message": "secret words"}),
            Verdict(outcome=Outcome.NEVER, reason="GitLab does not take the note (400)"),
        ),
        (
            POST,
            Response(status=401),
            Verdict(outcome=Outcome.NEVER, reason="bot_token is wrong or has expired (401)"),
        ),
        (
            POST,
            Response(status=403),
            Verdict(
                outcome=Outcome.NEVER,
                reason="the token may not write notes here: its scope is api, its role at least Reporter (403)",
            ),
        ),
        (
            POST,
            Response(status=404),
            Verdict(
                outcome=Outcome.NEVER,
                reason="the project, the issue or the merge request is gone, or the token may not see it (404)",
            ),
        ),
        (edit(TARGET), Response(status=404), Verdict(outcome=Outcome.NEXT, reason="the comment is gone (404)")),
    ],
)
def test_a_response_is_known_by_its_status_and_headers(
    request_: Request, response: Response, verdict: Verdict
) -> None:
    assert CHANNEL.judge(request_, response) == verdict


def test_a_token_is_needed_and_can_be_tried() -> None:
    assert (CHANNEL.needs(TARGET), CHANNEL.needs(replace(TARGET, token=""))) == ("", "bot_token is not set")
    assert CHANNEL.check(TARGET) == Request(
        what="check", method="GET", path="/user", headers=HEADERS, repeatable=True
    )
    assert CHANNEL.checked(Response(status=200, body={"username": "duck"})) == ""
    assert CHANNEL.checked(Response(status=401)) == "bot_token is wrong or has expired (401)"


def test_an_installation_of_ones_own_may_be_named() -> None:
    assert (CHANNEL.base, CHANNEL.own_base) == ("https://gitlab.com/api/v4", True)
