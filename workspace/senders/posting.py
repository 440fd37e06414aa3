"""Deliveries as the senders post them: from what a person wrote somewhere, headers and body, signed.

Source: the pages that the modules of `relay/senders` name, for events and for signatures.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from nacl.signing import SigningKey

from workspace.senders import discord, github, gitlab, handles, line, meta, slack, telegram

SECRET = "quack-quack-secret"
_KEY = SigningKey(hashlib.sha256(SECRET.encode()).digest())
DISCORD_PUBLIC_KEY = bytes(_KEY.verify_key).hex()
"""What `webhook_secret` is for Discord: there is one key, whatever `secret` says."""

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a person wrote."""

    text: str
    place: str
    user: str
    thread: str
    mention: bool
    kind: str
    secret: str
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the sender posts."""

    headers: Mapping[str, str]
    body: bytes
    id: str = ""  # of the person's message
    handle: str = ""  # what is good for the answer alone: Discord's interaction token


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """How one sender posts."""

    standin: str
    label: str
    compose: Callable[[Written], Delivery]
    place: str
    user: str
    kinds: tuple[str, ...] = ("",)  # the first is the usual one
    deadline: float  # seconds until it hangs up


def post(
    name: str,
    text: str,
    *,
    place: str = "",
    user: str = "",
    thread: str = "",
    mention: bool = True,
    kind: str = "",
    secret: str = SECRET,
    now: float | None = None,
) -> tuple[dict[str, str], bytes]:
    """Give headers and body of a delivery.

    `place` is a channel, chat or person, or `<owner>/<repository>#<number>`; what kind of place it is tells its form,
    such as Slack's D… and Telegram's negative ids. `mention`: the bot is mentioned, where there are others. `kind`:
    `event` or `command` of Slack, `comment` or `issue` of GitHub, `note` or `issue` of GitLab. `now`: seconds since
    1970.
    """
    delivery = compose(
        name, text, place=place, user=user, thread=thread, mention=mention, kind=kind, secret=secret, now=now
    )
    return dict(delivery.headers), delivery.body


def compose(name: str, text: str, *, now: float | None = None, **written: Any) -> Delivery:
    """Give the same with what the workspace has to know of it. Raises KeyError for an unknown name or kind."""
    poster = POSTERS[name]
    given = {key: value for key, value in written.items() if value not in {"", None}}
    kind = given.pop("kind", poster.kinds[0])
    if kind not in poster.kinds:
        raise KeyError(kind)
    usual = {"place": poster.place, "user": poster.user, "thread": "", "mention": True, "secret": SECRET}
    return poster.compose(
        Written(text=text, kind=kind, now=time.time() if now is None else now, **{**usual, **given})
    )


def _slack(written: Written) -> Delivery:
    direct = written.place.startswith("D")
    ts = f"{written.now:.6f}"
    if written.kind == "command":
        handle = handles.issue("slack", place=written.place, user=written.user, now=written.now)
        form = {
            "token": "deprecated",
            "team_id": slack.TEAM,
            "channel_id": written.place,
            "channel_name": "pond",
            "user_id": written.user,
            "user_name": "ada",
            "command": "/duck",
            "text": _escaped(written.text),
            "api_app_id": "A0DUCK",
            "response_url": f"https://hooks.slack.com/commands/{slack.TEAM}/{secrets.randbelow(10**12)}/{handle}",
            "trigger_id": f"{secrets.randbelow(10**12)}.1.{secrets.token_hex(8)}",
        }
        body = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **_slack_proof(written, body)}
        return Delivery(headers=headers, body=body, id=ts, handle=handle)
    mentioned = written.mention and not direct
    text = f"<@{slack.BOT}> {_escaped(written.text)}" if mentioned else _escaped(written.text)
    event = {
        "type": "app_mention" if mentioned else "message",
        "user": written.user,
        "text": text,
        "ts": ts,
        "channel": written.place,
        "event_ts": ts,
        **({} if mentioned else {"channel_type": "im" if direct else "channel"}),
        **({"thread_ts": written.thread} if written.thread else {}),
    }
    body = _json(
        {
            "token": "deprecated",
            "team_id": slack.TEAM,
            "api_app_id": "A0DUCK",
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(6).upper()}",
            "event_time": int(written.now),
            "authorizations": [{"team_id": slack.TEAM, "user_id": slack.BOT, "is_bot": True}],
            "event": event,
        }
    )
    return Delivery(headers={**_JSON, **_slack_proof(written, body)}, body=body, id=ts)


def _slack_proof(written: Written, body: bytes) -> Mapping[str, str]:
    at = str(int(written.now))
    proof = _hmac(written.secret, b"v0:" + at.encode() + b":" + body).hex()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={proof}"}


def _discord(written: Written) -> Delivery:
    token = handles.issue("discord", place=written.place, user=written.user, now=written.now)
    number = str(int(written.now * 1000) - 1_420_070_400_000 << 22 | secrets.randbelow(1 << 22))
    user = {"id": written.user, "username": "ada", "discriminator": "0"}
    member = (
        {"user": user} if written.kind == "direct" else {"guild_id": "700000000000000200", "member": {"user": user}}
    )
    body = _json(
        {
            "id": number,
            "application_id": discord.APPLICATION,
            "type": 2,
            "version": 1,
            "token": token,
            "channel_id": written.place,
            "locale": "en-GB",
            **member,
            "data": {
                "id": "700000000000000300",
                "name": "duck",
                "type": 1,
                "options": [{"type": 3, "name": "prompt", "value": written.text}],
            },
        }
    )
    at = str(int(written.now))
    proof = _KEY.sign(at.encode() + body).signature.hex()
    headers = {**_JSON, "X-Signature-Timestamp": at, "X-Signature-Ed25519": proof}
    return Delivery(headers=headers, body=body, id=number, handle=token)


def _telegram(written: Written) -> Delivery:
    group = written.place.startswith("-")
    name = f"@{telegram.BOT['username']}"
    mentioned = written.mention and group
    number = secrets.randbelow(999_999) + 1
    chat = {"type": "supergroup", "title": "Pond"} if group else {"type": "private", "first_name": "Ada"}
    message: dict[str, Any] = {
        "message_id": number,
        "from": {"id": int(written.user), "is_bot": False, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": int(written.place), **chat},
        "date": int(written.now),
        "text": f"{name} {written.text}" if mentioned else written.text,
    }
    if mentioned:
        message["entities"] = [{"type": "mention", "offset": 0, "length": len(name)}]
    if written.thread:
        message |= {"message_thread_id": int(written.thread), "is_topic_message": True}
    body = _json({"update_id": secrets.randbelow(1 << 31), "message": message})
    headers = {**_JSON, "X-Telegram-Bot-Api-Secret-Token": written.secret}
    return Delivery(headers=headers, body=body, id=str(number))


def _line(written: Written) -> Delivery:
    sources = {"C": ("group", "groupId"), "R": ("room", "roomId")}
    kind, field = sources.get(written.place[:1], ("user", "userId"))
    others = kind != "user"
    number = str(secrets.randbelow(10**18))
    message: dict[str, Any] = {"id": number, "type": "text", "quoteToken": secrets.token_hex(8), "text": written.text}
    if others and written.mention:
        message["text"] = f"@Duck {written.text}"
        mentionee = {"index": 0, "length": 5, "type": "user", "userId": line.BOT, "isSelf": True}
        message["mention"] = {"mentionees": [mentionee]}
    event = {
        "type": "message",
        "mode": "active",
        "timestamp": int(written.now * 1000),
        "replyToken": handles.issue("line", place=written.place, user=written.user, now=written.now),
        "webhookEventId": secrets.token_hex(13).upper(),
        "deliveryContext": {"isRedelivery": False},
        "source": {"type": kind, field: written.place, "userId": written.user if others else written.place},
        "message": message,
    }
    body = _json({"destination": line.BOT, "events": [event]})
    proof = base64.b64encode(_hmac(written.secret, body)).decode()
    return Delivery(headers={**_JSON, "X-Line-Signature": proof}, body=body, id=number)


def _whatsapp(written: Written) -> Delivery:
    number = f"wamid.{secrets.token_hex(16)}"
    text = {"from": written.place, "id": number, "timestamp": str(int(written.now)), "type": "text"}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "491700000000", "phone_number_id": meta.PHONE},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": written.place}],
        "messages": [{**text, "text": {"body": written.text}}],
    }
    change = {"field": "messages", "value": value}
    return _hub(
        written,
        {"object": "whatsapp_business_account", "entry": [{"id": "700000000000010", "changes": [change]}]},
        number,
    )


def _messenger(written: Written) -> Delivery:
    number = f"m_{secrets.token_hex(16)}"
    at = int(written.now * 1000)
    sent = {
        "sender": {"id": written.place},
        "recipient": {"id": meta.PAGE},
        "timestamp": at,
        "message": {"mid": number, "text": written.text},
    }
    return _hub(written, {"object": "page", "entry": [{"id": meta.PAGE, "time": at, "messaging": [sent]}]}, number)


def _github(written: Written) -> Delivery:
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
    return _hub(written, payload, str(comment_id), headers)


def _gitlab(written: Written) -> Delivery:
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
        **_JSON,
        "X-Gitlab-Event": "Issue Hook" if asked else "Note Hook",
        "X-Gitlab-Token": written.secret,
        "X-Gitlab-Event-UUID": secrets.token_hex(16),
        "Idempotency-Key": secrets.token_hex(16),
    }
    return Delivery(headers=headers, body=_json(payload), id=str(note_id))


def _hub(
    written: Written, payload: Mapping[str, Any], number: str, headers: Mapping[str, str] | None = None
) -> Delivery:
    body = _json(payload)
    proof = f"sha256={_hmac(written.secret, body).hex()}"
    return Delivery(headers={**_JSON, **(headers or {}), "X-Hub-Signature-256": proof}, body=body, id=number)


def _hmac(secret: str, text: bytes) -> bytes:
    return hmac.digest(secret.encode(), text, "sha256")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_ADA = "U" + "a" * 32
POSTERS: Mapping[str, Poster] = {
    "slack": Poster(
        standin="slack",
        label="Slack",
        compose=_slack,
        place="C0POND",
        user="U0ADA",
        kinds=("event", "command"),
        deadline=3,
    ),
    "discord": Poster(
        standin="discord",
        label="Discord",
        compose=_discord,
        place="700000000000000100",
        user="700000000000000042",
        kinds=("command", "direct"),
        deadline=3,
    ),
    "telegram": Poster(standin="telegram", label="Telegram", compose=_telegram, place="42", user="42", deadline=60),
    "line": Poster(standin="line", label="LINE", compose=_line, place=_ADA, user=_ADA, deadline=2),
    "whatsapp": Poster(
        standin="meta", label="WhatsApp", compose=_whatsapp, place="4915112345678", user="4915112345678", deadline=10
    ),
    "messenger": Poster(
        standin="meta",
        label="Messenger",
        compose=_messenger,
        place="700000000000000042",
        user="700000000000000042",
        deadline=5,
    ),
    "github": Poster(
        standin="github",
        label="GitHub",
        compose=_github,
        place="duck/pond#7",
        user="ada",
        kinds=("comment", "issue"),
        deadline=10,
    ),
    "gitlab": Poster(
        standin="gitlab",
        label="GitLab",
        compose=_gitlab,
        place="duck/pond#7",
        user="ada",
        kinds=("note", "issue"),
        deadline=10,
    ),
}
