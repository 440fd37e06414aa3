"""Deliveries as GitHub and GitLab post them.

Source: GitHub docs, "Webhook events and payloads"; GitLab docs, "Webhook events".
"""

import hashlib
import secrets

from workspace.senders import github, gitlab
from workspace.senders.delivery import JSON, Delivery, Written, encode, hub


def from_github(written: Written) -> Delivery:
    repository, _, number = written.place.partition("#")
    text = f"@{github.LOGIN} {written.text}" if written.mention else written.text
    comment_id = secrets.randbelow(10**9)
    asked = written.kind == "issue"
    url = f"https://github.com/{repository}/issues/{number}"
    person = {"login": written.user, "id": 42, "type": "User"}
    issue = {
        "number": int(number),
        "title": written.text[:60] if asked else "It does not quack",
        "body": text if asked else "At all.",
        "state": "open",
        "html_url": url,
        "user": person,
    }
    comment = {"id": comment_id, "body": text, "html_url": f"{url}#issuecomment-{comment_id}", "user": person}
    payload = {
        "action": "opened" if asked else "created",
        "issue": issue,
        **({} if asked else {"comment": comment}),
        "repository": {"full_name": repository, "name": repository.rpartition("/")[2]},
        "sender": person,
    }
    event = "issues" if asked else "issue_comment"
    delivery = str(secrets.token_hex(16))
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery}
    return hub(written, payload, str(comment_id), headers)


def from_gitlab(written: Written) -> Delivery:
    sign = "!" if "!" in written.place else "#"
    project, _, iid = written.place.partition(sign)
    text = f"@{gitlab.USERNAME} {written.text}" if written.mention else written.text
    note_id = secrets.randbelow(10**6)
    asked = written.kind == "issue"
    url = f"https://gitlab.com/{project}/-/{'issues' if sign == '#' else 'merge_requests'}/{iid}"
    about = {"iid": int(iid), "title": "It does not quack", "state": "opened"}
    issue = {"action": "open", "description": text, "url": url, **about, "title": written.text[:60]}
    note = {
        "id": note_id,
        "note": text,
        "noteable_type": "Issue" if sign == "#" else "MergeRequest",
        "discussion_id": written.thread or secrets.token_hex(20),
        "system": False,
        "action": "create",
        "url": f"{url}#note_{note_id}",
    }
    number = (
        int(gitlab.PROJECT_ID)
        if project == gitlab.PROJECT
        else int(hashlib.sha256(project.encode()).hexdigest()[:6], 16)
    )
    payload = {
        "object_kind": "issue" if asked else "note",
        "event_type": "issue" if asked else "note",
        "user": {"id": 42, "username": written.user, "name": "Ada"},
        "project": {"id": number, "path_with_namespace": project, "web_url": f"https://gitlab.com/{project}"},
        "object_attributes": issue if asked else note,
        **({} if asked else {"issue" if sign == "#" else "merge_request": about}),
    }
    headers = {
        **JSON,
        "X-Gitlab-Event": "Issue Hook" if asked else "Note Hook",
        "X-Gitlab-Token": written.secret,
        "X-Gitlab-Event-UUID": secrets.token_hex(16),
        "Idempotency-Key": secrets.token_hex(16),
    }
    return Delivery(headers=headers, body=encode(payload), id=str(note_id))
