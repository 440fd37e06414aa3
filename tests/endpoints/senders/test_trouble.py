"""What goes wrong on the way back: nobody is answered twice, and the owner reads why in our words."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from relay.replies.forge import OPENING
from tests.endpoints.senders.conftest import KEY, SENDERS, Bot, OpenBot, everywhere
from workspace.senders.posting import POSTERS, SECRET
from workspace.senders.table import standins
from workspace.testing import until

QUICK = "silent-1-2-0"  # silent until the signs of life were sent
SAID = ["tok0 tok1"]
BY_TOKEN = tuple(name for name in SENDERS if name != "discord")  # an interaction brings what its answer needs
FORGES = ("github", "gitlab")
WRONG = "7000:AAwrong-wrong-wrong"
FOREIGN = "Die Ente ist weg: <b>xoxb-secret</b> https://api.invalid/?token=geheim"  # what an API says
REFUSED = dict.fromkeys(SENDERS, ("failed", "reply_failed"))
DONE = dict.fromkeys(SENDERS, ("done", ""))
# the words by which a request that says something is known, in its path
SAYING = {
    "slack": "POST /chat.",
    "discord": "/webhooks/",
    "telegram": "Message",
    "line": "/message/",
    "whatsapp": "POST /700000000000011/messages",
    "messenger": "POST /me/messages",
    "github": "comments",
    "gitlab": "notes",
}


def gather(bot: OpenBot, app: str = QUICK, *, names: Iterable[str] = SENDERS, **settings: Any) -> dict[str, Bot]:
    return {name: bot(name, app, **settings) for name in names}


def ask(asked: Mapping[str, Bot], what: Mapping[str, Any] | None = None, **fault: Any) -> None:
    """Ask all of them, and once each has shown that it is at it, let `what` go wrong there."""
    everywhere([*asked.values()])
    until(lambda: all(one.requests() for name, one in asked.items() if name != "discord"))
    for standin in {POSTERS[name].standin for name in asked}:
        names = [name for name in asked if POSTERS[name].standin == standin]
        faults = {
            kind: [{"what": SAYING[name], **one} for name in names] if isinstance(one, Mapping) else one
            for kind, one in fault.items()
        }
        asked[names[0]].api.faults(**faults)


def mend(asked: Mapping[str, Bot]) -> None:
    for one in asked.values():
        one.api.faults()


def outcomes(asked: Mapping[str, Bot]) -> dict[str, tuple[str, str]]:
    return {name: one.outcome() for name, one in asked.items()}


def steps(asked: Mapping[str, Bot]) -> dict[str, list[tuple[str, str]]]:
    return {name: one.steps() for name, one in asked.items()}


def said(asked: Mapping[str, Bot]) -> dict[str, list[str]]:
    return {name: [text.strip() for text in one.said()] for name, one in asked.items()}


def nothing_of(asked: Mapping[str, Bot], *secrets: str) -> None:
    """See that none of this can be read by an owner, nor what is secret at all."""
    for one in asked.values():
        [row] = one.ended()
        one.workspace.line(f"{row['delivery_id']}/run 200")  # the log has come through
        shown = one.shown(row["delivery_id"])
        found = [secret for secret in (*secrets, SECRET, KEY, one.api.token, FOREIGN, "geheim") if secret in shown]
        assert found == [], one.name


@pytest.mark.parametrize("which", ["wrong", "expired"])
def test_a_token_that_is_refused(bot: OpenBot, which: str) -> None:
    tokens = {name: WRONG if which == "wrong" else standins()[POSTERS[name].standin].expired for name in BY_TOKEN}
    asked = {name: bot(name, "chat-2-0", bot_token=tokens[name]) for name in BY_TOKEN}
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: REFUSED[name] for name in BY_TOKEN}
    code = "invalid_auth" if which == "wrong" else "token_expired"
    refused = "never: 401 (bot_token is refused (401))"
    assert steps(asked) == {
        "slack": [("start", f"never: 200 (bot_token is refused ({code}))")],
        "telegram": [("post", refused)],
        "line": [("post", refused)],
        "whatsapp": [("post", "never: 401 (bot_token is wrong or has expired (190))")],
        "messenger": [("post", "never: 401 (bot_token is wrong or has expired (190))")],
        "github": [("post", "never: 401 (bot_token is wrong or has expired (401))")],
        "gitlab": [("post", "never: 401 (bot_token is wrong or has expired (401))")],
    }
    assert said(asked) == {name: [] for name in BY_TOKEN}
    nothing_of(asked, *tokens.values())


def test_redelivering_sends_what_the_app_has_said_and_runs_it_only_if_asked_to(bot: OpenBot) -> None:
    asked = {name: bot(name, "chat-2-0", bot_token=WRONG) for name in BY_TOKEN}
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: REFUSED[name] for name in BY_TOKEN}
    for one in asked.values():
        one.change(bot_token=one.api.token)
        assert one.post(f"/deliveries/{one.ended()[0]['delivery_id']}/redeliver").status_code == 202
    assert outcomes(asked) == {name: DONE[name] for name in BY_TOKEN}
    assert said(asked) == dict.fromkeys(BY_TOKEN, SAID)
    assert {name: len(one.runs()) for name, one in asked.items()} == dict.fromkeys(BY_TOKEN, 1)
    duck = asked["telegram"]
    assert duck.post(f"/deliveries/{duck.ended()[0]['delivery_id']}/redeliver?run=1").status_code == 202
    until(lambda: len(duck.runs()) == 2)
    duck.ended(len(duck.deliveries()))
    assert duck.said() == SAID * 2


def test_an_api_that_is_down_is_tried_again_until_it_is_back(bot: OpenBot) -> None:
    asked = gather(bot)
    ask(asked, down=503)
    until(
        lambda: all(len([one for one in duck.requests() if one["fault"] == "down"]) >= 2 for duck in asked.values())
    )
    mend(asked)
    assert outcomes(asked) == DONE
    assert said(asked) == dict.fromkeys(SENDERS, SAID)
    assert {name: len(one.runs()) for name, one in asked.items()} == dict.fromkeys(SENDERS, 1)
    assert all(found[-1][1].startswith("done: 20") for found in steps(asked).values())
    nothing_of(asked)


def test_too_many_requests_are_tried_again_when_the_api_says(bot: OpenBot) -> None:
    names = [name for name in SENDERS if name != "messenger"]
    asked = gather(bot, names=names)
    ask(asked, throttle={"seconds": 1})
    assert outcomes(asked) == {name: DONE[name] for name in names}
    assert said(asked) == dict.fromkeys(names, SAID)
    assert {name: found[-2][1] for name, found in steps(asked).items()} == {
        "slack": "again: 429 (Slack asks to slow down (ratelimited))",
        "discord": "again: 429 (asked to slow down (429))",
        "telegram": "again: 429 (asked to slow down (429))",
        "line": "again: 429 (asked to slow down (429))",
        "whatsapp": "again: 400 (too many messages at once (130429))",
        "github": "again: 403 (asked to slow down (403))",
        "gitlab": "again: 429 (asked to slow down (429))",
    }


def test_messengers_own_limit_is_waited_for(bot: OpenBot) -> None:
    body = {"error": {"message": FOREIGN, "type": "OAuthException", "code": 613}}
    duck = bot("messenger", QUICK)
    ask({"messenger": duck}, fail={"status": 400, "body": body})
    assert duck.steps() == [("post", "again: 400 (too many calls (613))"), ("post", "done: 200")]
    assert duck.said() == SAID
    nothing_of({"messenger": duck})


def test_what_may_have_arrived_is_not_sent_twice(bot: OpenBot) -> None:
    asked = gather(bot)
    ask(asked, accept_then_fail={})
    unknown = "never: the connection broke off (it is not known whether it arrived)"
    once_more = "again: the connection broke off (the connection broke off)"
    # edits can be repeated, and Discord's first message is one
    sure = {"discord", *FORGES}
    assert outcomes(asked) == {name: DONE[name] if name in sure else REFUSED[name] for name in SENDERS}
    assert said(asked) == dict.fromkeys(SENDERS, SAID)
    assert steps(asked) == {
        "slack": [("start", unknown)],
        "discord": [("post", once_more), ("post", "done: 200")],
        "telegram": [("post", unknown)],
        "line": [("post", unknown)],
        "whatsapp": [("post", unknown)],
        "messenger": [("post", unknown)],
        **{name: [("post", "done: 201"), ("edit", once_more), ("edit", "done: 200")] for name in FORGES},
    }
    nothing_of(asked)


def test_an_owner_who_has_looked_can_have_it_sent_again(bot: OpenBot) -> None:
    duck = bot("telegram", QUICK)
    ask({"telegram": duck}, accept_then_fail={})
    [row] = duck.ended()
    assert row["error"] == {"code": "reply_failed", "message": "it is not known whether it arrived"}
    assert duck.post(f"/deliveries/{row['delivery_id']}/redeliver").status_code == 202
    assert duck.outcome() == ("done", "")
    assert (duck.said(), len(duck.runs())) == (SAID * 2, 1)


def test_a_promise_that_may_have_arrived_does_not_keep_an_answer_back(bot: OpenBot) -> None:
    asked = {name: bot(name, QUICK, faults={"accept_then_fail": 1}) for name in FORGES}
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: DONE[name] for name in FORGES}
    assert said(asked) == {name: [OPENING, *SAID] for name in FORGES}


def test_a_place_that_is_gone(bot: OpenBot) -> None:
    asked = gather(bot)
    for one in asked.values():
        one.api.faults(channel_gone=True)
    everywhere([*asked.values()])
    assert outcomes(asked) == REFUSED
    assert {name: found[-1] for name, found in steps(asked).items()} == {
        "slack": ("start", "never: 200 (the channel is gone, or the bot is not in it (channel_not_found))"),
        "discord": ("post", "never: 404 (the channel is gone (10003))"),
        "telegram": ("post", "never: 400 (the chat is gone)"),
        "line": ("post", "never: 400 (the API refused it (400))"),
        "whatsapp": ("post", "never: 400 (the message can't be delivered to this person (131026))"),
        "messenger": ("post", "never: 400 (this person can't be written to now (551))"),
        "github": ("post", "never: 404 (the repository or the issue is gone, or the token may not see it (404))"),
        "gitlab": (
            "post",
            "never: 404 (the project, the issue or the merge request is gone, or the token may not see it (404))",
        ),
    }
    assert said(asked) == {name: [] for name in SENDERS}
    nothing_of(asked)


def test_a_message_that_somebody_deletes_while_it_grows_is_followed_by_another(bot: OpenBot) -> None:
    names = ("slack", "discord", "telegram", *FORGES)
    asked = gather(bot, "chat-16-200", names=names)
    for one in asked.values():
        one.api.faults(message_deleted=True)
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: DONE[name] for name in names}
    whole = "".join(f" tok{number}" for number in range(16)).strip()
    assert {name: found[-1] for name, found in said(asked).items()} == dict.fromkeys(names, whole)
    assert {name: found[-2:] for name, found in steps(asked).items()} == {
        "slack": [("edit", "next: 200 (the message is gone (message_not_found))"), ("post", "done: 200")],
        "discord": [("edit", "next: 404 (the message is gone (10008))"), ("post", "done: 200")],
        "telegram": [("edit", "next: 400 (the message is gone)"), ("post", "done: 200")],
        **{name: [("edit", "next: 404 (the comment is gone (404))"), ("post", "done: 201")] for name in FORGES},
    }


def test_what_an_api_says_stays_with_it(bot: OpenBot) -> None:
    asked = gather(bot, "chat-2-0")
    names = ("error", "message", "description", "error_code", "code", "error_description")
    body = {"ok": False, **dict.fromkeys(names, FOREIGN), "errors": [FOREIGN]}
    for one in asked.values():
        one.api.faults(fail={"status": 400, "body": body, "headers": {"X-Duck": "geheim"}, "times": 100})
    everywhere([*asked.values()])
    assert outcomes(asked) == REFUSED
    nothing_of(asked)


def test_an_answer_that_is_no_json_stays_with_it_as_well(bot: OpenBot) -> None:
    asked = gather(bot, "chat-2-0", names=("slack", "telegram", "line", "github"))
    for one in asked.values():
        one.api.faults(fail={"status": 403, "body": f"<html>{FOREIGN}</html>", "times": 100})
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: REFUSED[name] for name in asked}
    nothing_of(asked)
