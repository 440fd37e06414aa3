"""GitHub: one comment at the start, edited once when the answer is there; what is longer stands in more comments."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.outward import Request, Response
from relay.replies import forge
from relay.replies.channel import Channel, NoPlace, Piece, Rung, Target, Verdict, segment
from relay.senders.delivery import find, text_of

# of a comment's 65,536 characters, so that there is room for the mark and what takes commands their meaning
LIMIT = 60_000
GAP = 1.0  # GitHub docs, "Best practices for using the REST API: Pause between mutative requests"

OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")

CHECK = Request(what="check", method="GET", path="/user", repeatable=True)

# what never will be taken. Source: GitHub docs, "REST API endpoints for issue comments"
REASONS: Mapping[int, str] = {
    401: "bot_token is wrong or has expired",
    403: "the token may not comment here, or the conversation is locked",
    404: "the repository or the issue is gone, or the token may not see it",
    410: "the repository's issues are turned off",
    422: "GitHub does not take the comment",
}


def judge(request: Request, response: Response) -> Verdict:
    """Source: GitHub docs, "Rate limits for the REST API: Exceeding the rate limit": a 403 may be one as well."""
    headers = response.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    told = spent or "retry-after" in headers or "rate limit" in text_of(find(response.body, "message")).lower()
    wait = None
    if response.status == 429 or (response.status == 403 and told):
        wait = forge.wait(headers, "x-ratelimit-reset" if spent else "")
    return forge.judge(request, response, reasons=REASONS, wait=wait)


def _headers(target: Target) -> Mapping[str, str]:
    return {
        "Authorization": f"Bearer {target.token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    """Source: GitHub docs, "REST API endpoints for issue comments: Create an issue comment"; pull requests too."""
    return Request(
        what="post",
        path=f"{_issues(target)}/{segment(target.to.get('number'), forge.NUMBER)}/comments",
        headers=_headers(target),
        body=forge.body(target, pieces[0].text),
    )


def _edit(target: Target, comment: str, piece: Piece) -> Request:
    """Source: GitHub docs, "REST API endpoints for issue comments: Update an issue comment"."""
    return Request(
        what=forge.EDIT,
        method="PATCH",
        path=f"{_issues(target)}/comments/{segment(comment, forge.NUMBER)}",
        headers=_headers(target),
        body=forge.body(target, piece.text),
        repeatable=True,
    )


def _issues(target: Target) -> str:
    owner, slash, name = text_of(target.to.get("repository")).partition("/")
    if not slash:
        raise NoPlace("The delivery names a place that can't be one.")
    return f"/repos/{segment(owner, OWNER)}/{segment(name, REPOSITORY)}/issues"


COMMENT = Rung(
    name="comment",
    post=_post,
    edit=_edit,
    posted=forge.posted,
    limit=LIMIT,
    dialect=forge.dialect,
    gap=GAP,
    opening=forge.OPENING,
    edits=1,
)
CHANNEL = Channel(
    sender="github",
    base="https://api.github.com",
    own_base=True,
    needs=forge.needs,
    # where somebody has deleted the first comment, another one
    rungs=(COMMENT, replace(COMMENT, name="another comment", edit=None, opening="")),
    judge=judge,
    check=lambda target: replace(CHECK, headers=_headers(target)),
    checked=lambda response: judge(CHECK, response).reason,
)
