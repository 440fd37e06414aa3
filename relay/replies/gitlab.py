"""GitLab: one note at the start, edited once when the answer is there; what is longer stands in more notes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.outward import Request, Response
from relay.replies import forge
from relay.replies.channel import Channel, Piece, Rung, Target, Verdict, segment

LIMIT = 100_000  # of 1,000,000 characters, which nobody reads in one note. GitLab docs, "Instance limits: Notes"

KIND = re.compile(r"issues|merge_requests")
DISCUSSION = re.compile(r"[0-9a-f]{40}")

CHECK = Request(what="check", method="GET", path="/user", repeatable=True)

# what never will be taken. Source: GitLab docs, "REST API: Status codes"
REASONS: Mapping[int, str] = {
    400: "GitLab does not take the note",
    401: "bot_token is wrong or has expired",
    403: "the token may not write notes here: its scope is api, its role at least Reporter",
    404: "the project, the issue or the merge request is gone, or the token may not see it",
    422: "GitLab does not take the note",
}


def judge(request: Request, response: Response) -> Verdict:
    """Source: GitLab docs, "User and IP rate limits: Response headers"."""
    wait = forge.wait(response.headers, "ratelimit-reset") if response.status == 429 else None
    return forge.judge(request, response, reasons=REASONS, wait=wait)


def _headers(target: Target) -> Mapping[str, str]:
    return {"PRIVATE-TOKEN": target.token}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    """Write where the question stands: in its discussion, which a single note becomes by it, or below an issue.

    Sources: GitLab docs, "Notes API: Create new issue note", "Discussions API: Add note to existing issue thread".
    """
    discussion = target.to.get("discussion")
    thread = f"/discussions/{segment(discussion, DISCUSSION)}" if discussion else ""
    return Request(
        what="post",
        path=f"{_noteable(target)}{thread}/notes",
        headers=_headers(target),
        body=forge.body(target, pieces[0].text),
    )


def _edit(target: Target, note: str, piece: Piece) -> Request:
    """Source: GitLab docs, "Notes API: Modify existing issue note"."""
    return Request(
        what=forge.EDIT,
        method="PUT",
        path=f"{_noteable(target)}/notes/{segment(note, forge.NUMBER)}",
        headers=_headers(target),
        body=forge.body(target, piece.text),
        repeatable=True,
    )


def _noteable(target: Target) -> str:
    project, kind, number = (
        segment(target.to.get(name), pattern)
        for name, pattern in (("project", forge.NUMBER), ("kind", KIND), ("number", forge.NUMBER))
    )
    return f"/projects/{project}/{kind}/{number}"


NOTE = Rung(
    name="note",
    post=_post,
    edit=_edit,
    posted=forge.posted,
    limit=LIMIT,
    dialect=forge.dialect,
    opening=forge.OPENING,
    edits=1,
)
CHANNEL = Channel(
    sender="gitlab",
    base="https://gitlab.com/api/v4",
    own_base=True,
    needs=forge.needs,
    # where somebody has deleted the first note, another one
    rungs=(NOTE, replace(NOTE, name="another note", edit=None, opening="")),
    judge=judge,
    check=lambda target: replace(CHECK, headers=_headers(target)),
    checked=lambda response: judge(CHECK, response).reason,
)
