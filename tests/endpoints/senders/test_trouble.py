"""What goes wrong on the way back: nobody is answered twice, and the owner reads why in our words."""

import pytest

from tests.endpoints.senders.conftest import SENDERS, OpenBot, everywhere
from tests.endpoints.senders.trouble import (
    BY_TOKEN,
    DONE,
    FOREIGN,
    REFUSED,
    SAID,
    WRONG,
    gather,
    nothing_of,
    outcomes,
    said,
    steps,
)
from workspace.senders.posting import POSTERS
from workspace.senders.table import standins
from workspace.testing import until


@pytest.mark.parametrize("which", ["wrong", "expired"])
def test_a_token_that_is_refused(bot: OpenBot, which: str) -> None:
    tokens = {name: WRONG if which == "wrong" else standins()[POSTERS[name].standin].expired for name in BY_TOKEN}
    asked = {name: bot(name, "silent-0", bot_token=tokens[name]) for name in BY_TOKEN}
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: REFUSED[name] for name in BY_TOKEN}
    code = "invalid_auth" if which == "wrong" else "token_expired"
    refused = "never: 401 (bot_token is refused (401))"
    assert steps(asked) == {
        "slack": [("post", f"never: 200 (bot_token is refused ({code}))")],
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
    asked = {name: bot(name, "silent-0", bot_token=WRONG) for name in BY_TOKEN}
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


def test_a_place_that_is_gone(bot: OpenBot) -> None:
    asked = gather(bot)
    for one in asked.values():
        one.api.faults(channel_gone=True)
    everywhere([*asked.values()])
    assert outcomes(asked) == REFUSED
    assert {name: found[-1] for name, found in steps(asked).items()} == {
        "slack": ("post", "never: 200 (the channel is gone, or the bot is not in it (channel_not_found))"),
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


def test_what_an_api_says_stays_with_it(bot: OpenBot) -> None:
    asked = gather(bot, "silent-0")
    names = ("error", "message", "description", "error_code", "code", "error_description")
    body = {"ok": False, **dict.fromkeys(names, FOREIGN), "errors": [FOREIGN]}
    for one in asked.values():
        one.api.faults(fail={"status": 400, "body": body, "headers": {"X-Duck": "geheim"}, "times": 100})
    everywhere([*asked.values()])
    assert outcomes(asked) == REFUSED
    nothing_of(asked)


def test_an_answer_that_is_no_json_stays_with_it_as_well(bot: OpenBot) -> None:
    asked = gather(bot, "silent-0", names=("slack", "telegram", "line", "github"))
    for one in asked.values():
        one.api.faults(fail={"status": 403, "body": f"<html>{FOREIGN}</html>", "times": 100})
    everywhere([*asked.values()])
    assert outcomes(asked) == {name: REFUSED[name] for name in asked}
    nothing_of(asked)
