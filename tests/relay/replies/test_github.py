from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.github import CHANNEL
from relay.senders.forge import is_marked
from tests.relay.replies.hostile import HOSTILE

COMMENT, ANOTHER = CHANNEL.rungs
TARGET = Target(
    to={"repository": "duck-pond/relay.py", "number": "7"},
    token="personal-token",
    delivery_id="0123456789abcdef0123456789abcdef",
)
HEADERS = {
    "Authorization": "Bearer personal-token",
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
BODY = {"body": "quack\n\n<!-- duck-relay:0123456789abcdef0123456789abcdef -->"}
POST = COMMENT.post(TARGET, [Piece(text="quack")])
EDIT = COMMENT.edit(TARGET, "99", Piece(text="quack")) if COMMENT.edit else Request(what="")
# Wed, 21 Oct 2015 07:28:00 GMT
DATE, NOW = "Wed, 21 Oct 2015 07:28:00 GMT", 1445412480


def test_an_answer_is_a_comment_that_holds_the_mark() -> None:
    assert (
        Request(what="post", path="/repos/duck-pond/relay.py/issues/7/comments", headers=HEADERS, body=BODY) == POST
    )


def test_the_comment_is_edited_where_it_stands() -> None:
    assert (
        Request(
            what="edit",
            method="PATCH",
            path="/repos/duck-pond/relay.py/issues/comments/99",
            headers=HEADERS,
            body=BODY,
            repeatable=True,
        )
        == EDIT
    )


def test_there_is_one_comment_at_the_start_and_one_edit_at_the_end() -> None:
    assert (COMMENT.opening, COMMENT.edits) == ("An answer is on its way…", 1)
    assert (ANOTHER.opening, ANOTHER.edit) == ("", None)
    assert ANOTHER.post(TARGET, [Piece(text="quack")]) == POST


def test_a_whole_comment_has_room_for_the_mark() -> None:
    post = COMMENT.post(TARGET, [Piece(text="q" * COMMENT.limit)])
    assert post.body is not None
    assert len(post.body["body"]) <= 65_536
    assert is_marked(post.body["body"])


def test_an_apps_line_is_no_command() -> None:
    post = COMMENT.post(TARGET, [Piece(text="Sure.\n/lgtm")])
    assert post.body is not None
    assert post.body["body"].startswith("Sure.\n\\/lgtm\n\n<!--")
    assert COMMENT.dialect("/lgtm").strip() == "\\/lgtm"


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", value) for value in HOSTILE] + [("repository", value) for value in HOSTILE if value != "1/2"],
)
def test_a_payload_leads_nowhere_else(name: str, value: Any) -> None:
    with pytest.raises(NoPlace):
        COMMENT.post(replace(TARGET, to={**TARGET.to, name: value}), [Piece(text="quack")])


@pytest.mark.parametrize("value", [value for value in HOSTILE if isinstance(value, str)])
@pytest.mark.parametrize("repository", ["{}/relay", "duck/{}", "duck/../{}", "duck/relay/{}", "{}/.."])
def test_a_repositorys_name_leads_nowhere_else(repository: str, value: str) -> None:
    with pytest.raises(NoPlace):
        COMMENT.post(replace(TARGET, to={**TARGET.to, "repository": repository.format(value)}), [Piece(text="quack")])


@pytest.mark.parametrize("comment", ["..", "99/../../x", "%2e", "9" * 50, "", "0", "-1"])
def test_a_response_leads_nowhere_else(comment: str) -> None:
    assert COMMENT.edit
    with pytest.raises(NoPlace):
        COMMENT.edit(TARGET, comment, Piece(text="quack"))


def test_what_was_posted_is_known_by_its_id() -> None:
    assert COMMENT.posted(Response(status=201, body={"id": 99})) == "99"
    assert [COMMENT.posted(Response(status=201, body=body)) for body in (None, {}, {"id": "../1"}, {"id": 0})] == [
        ""
    ] * 4


SLOW = Verdict(outcome=Outcome.AGAIN, after=60, reason="asked to slow down (403)")


@pytest.mark.parametrize(
    ("request_", "response", "verdict"),
    [
        (POST, Response(status=201, body={"id": 99}), Verdict(outcome=Outcome.DONE)),
        (EDIT, Response(status=200, body={"id": 99}), Verdict(outcome=Outcome.DONE)),
        (POST, Response(status=403, headers={"retry-after": "30"}), replace(SLOW, after=30)),
        (
            POST,
            Response(
                status=403,
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 90), "date": DATE},
            ),
            replace(SLOW, after=90),
        ),
        (
            POST,
            Response(
                status=403,
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 90), "date": DATE},
            ),
            SLOW,
        ),
        (
            POST,
            Response(status=403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon", "date": "x"}),
            SLOW,
        ),
        (
            POST,
            Response(
                status=403,
                headers={"x-ratelimit-remaining": "4999", "x-ratelimit-reset": str(NOW + 3000), "date": DATE},
                body={"message": "You have exceeded a secondary rate limit."},
            ),
            SLOW,
        ),
        (POST, Response(status=429), Verdict(outcome=Outcome.AGAIN, after=60, reason="asked to slow down (429)")),
        (
            POST,
            Response(status=403, headers={"x-ratelimit-remaining": "4999"}, body={"message": "Not accessible"}),
            Verdict(
                outcome=Outcome.NEVER,
                reason="the token may not comment here, or the conversation is locked (403)",
            ),
        ),
        (POST, Response(status=500), Verdict(outcome=Outcome.AGAIN, reason="the API failed (500)")),
        (EDIT, Response(status=502), Verdict(outcome=Outcome.AGAIN, reason="the API failed (502)")),
        (EDIT, Response(status=504), Verdict(outcome=Outcome.AGAIN, reason="the API failed (504)")),
        (
            POST,
            Response(status=504),
            Verdict(outcome=Outcome.NEVER, reason="it is not known whether it arrived (504)"),
        ),
        (
            POST,
            Response(status=401, body={"message": "Bad credentials"}),
            Verdict(outcome=Outcome.NEVER, reason="bot_token is wrong or has expired (401)"),
        ),
        (
            POST,
            Response(status=404),
            Verdict(
                outcome=Outcome.NEVER,
                reason="the repository or the issue is gone, or the token may not see it (404)",
            ),
        ),
        (EDIT, Response(status=404), Verdict(outcome=Outcome.NEXT, reason="the comment is gone (404)")),
        (EDIT, Response(status=410), Verdict(outcome=Outcome.NEXT, reason="the comment is gone (410)")),
        (
            POST,
            Response(status=410),
            Verdict(outcome=Outcome.NEVER, reason="the repository's issues are turned off (410)"),
        ),
        (
            EDIT,
            Response(status=422),
            Verdict(outcome=Outcome.NEVER, reason="GitHub does not take the comment (422)"),
        ),
        (POST, Response(status=301), Verdict(outcome=Outcome.NEVER, reason="the API refused it (301)")),
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
    assert CHANNEL.checked(Response(status=200, body={"login": "duck"})) == ""
    assert CHANNEL.checked(Response(status=401)) == "bot_token is wrong or has expired (401)"


def test_an_installation_of_ones_own_may_be_named() -> None:
    assert (CHANNEL.base, CHANNEL.own_base) == ("https://api.github.com", True)
