"""What is tried again on the way back, and what is not: nobody is answered twice."""

from relay.replies.forge import OPENING
from tests.endpoints.senders.conftest import SENDERS, OpenBot, everywhere
from tests.endpoints.senders.trouble import (
    DONE,
    FOREIGN,
    FORGES,
    QUICK,
    REFUSED,
    SAID,
    ask,
    gather,
    mend,
    nothing_of,
    outcomes,
    said,
    steps,
)
from workspace.testing import until


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
    once_more = "again: the connection broke off"
    # edits can be repeated, and Discord's first message is one
    sure = {"discord", *FORGES}
    assert outcomes(asked) == {name: DONE[name] if name in sure else REFUSED[name] for name in SENDERS}
    assert said(asked) == dict.fromkeys(SENDERS, SAID)
    assert steps(asked) == {
        "slack": [("post", unknown)],
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
