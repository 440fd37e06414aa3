"""A payload that names what is none of its sender's: nothing goes there, and the owner sees it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.endpoints.senders.conftest import Change, OpenBot
from workspace.senders.table import standins


def _value(payload: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = payload["entry"][0]["changes"][0]["value"]
    return value


def at(*path: str | int, value: Any) -> Change:
    """Give what puts a value into a payload."""

    def change(payload: Any) -> None:
        for name in path[:-1]:
            payload = payload[name]
        payload[path[-1]] = value

    return change


def hook(address: str) -> Change:
    return at("response_url", value=address)


def to_be_pushed(payload: dict[str, Any]) -> None:
    """Name another place, by an event whose reply token is too old."""
    payload["events"][0] |= {"source": {"type": "user", "userId": "../x"}, "timestamp": 1_790_000_000_000}


COMMAND: Mapping[str, Any] = {"kind": "command"}
CASES: Mapping[str, tuple[str, Change, Mapping[str, Any]]] = {
    "slack, another host": ("slack", hook("https://hooks.slack.com.evil.invalid/commands/T/1/x"), COMMAND),
    "slack, http": ("slack", hook("http://hooks.slack.com/commands/T/1/x"), COMMAND),
    "slack, user@": ("slack", hook("https://hooks.slack.com@evil.invalid/commands/T/1/x"), COMMAND),
    "slack, @host": ("slack", hook("https://evil.invalid@hooks.slack.com/commands/T/1/x"), COMMAND),
    "slack, port": ("slack", hook("https://hooks.slack.com:8443/commands/T/1/x"), COMMAND),
    "slack, up": ("slack", hook("https://hooks.slack.com/commands/../services/x"), COMMAND),
    "slack, query": ("slack", hook("https://hooks.slack.com/commands/T/1/x?to=evil"), COMMAND),
    "slack, loopback": ("slack", hook("http://127.0.0.1:5002/commands/T/1/x"), COMMAND),
    "slack, channel": ("slack", at("event", "channel", value="../C0POND"), {}),
    "slack, thread": ("slack", at("event", "thread_ts", value="1.5/../x"), {}),
    "discord, application": ("discord", at("application_id", value="../x"), {}),
    "discord, token": ("discord", at("token", value="../../channels/1"), {}),
    "discord, dots": ("discord", at("token", value=".."), {}),
    "telegram, a name": ("telegram", at("message", "chat", "id", value="@channel"), {}),
    "line, up": ("line", to_be_pushed, {}),
    "whatsapp, number": ("whatsapp", lambda payload: _value(payload)["metadata"].update(phone_number_id="../me"), {}),
    "whatsapp, person": (
        "whatsapp",
        lambda payload: _value(payload)["messages"][0].update({"from": "1/../2"}),
        {},
    ),
    "messenger, person": (
        "messenger",
        at("entry", 0, "messaging", 0, "sender", "id", value="1?access_token=x"),
        {},
    ),
    "github, up": ("github", at("repository", "full_name", value="a/../b"), {}),
    "github, dots": ("github", at("repository", "full_name", value="duck/.."), {}),
    "github, deeper": ("github", at("repository", "full_name", value="duck/pond/issues/1"), {}),
    "github, number": ("github", at("issue", "number", value="7/../8"), {}),
    "gitlab, project": ("gitlab", at("project", "id", value="70/../71"), {}),
    "gitlab, number": ("gitlab", at("issue", "iid", value="7%2f..%2f8"), {}),
    "gitlab, discussion": ("gitlab", at("object_attributes", "discussion_id", value="../../7/notes"), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_sent_to_a_place_that_can_not_be_one(bot: OpenBot, case: str) -> None:
    name, change, written = CASES[case]
    settings = {"bot_token": None} if name == "discord" else {}
    duck = bot(name, "parrot", **settings)
    others = [duck.workspace.sender(other) for other in standins()]
    for other in others:
        other.clear()
    answer = duck.deliver(change, **written)
    if answer.status_code == 200:
        assert duck.outcome() == ("failed", "reply_failed")
        [row] = duck.ended()
        assert "can't be one" in row["error"]["message"] or "not Slack's" in row["error"]["message"]
    else:
        assert (answer.status_code, duck.deliveries()) == (503, [])
    # that a WhatsApp message was read is said without naming its person
    sent = [one for other in others for one in other.requests() if "typing_indicator" not in one["body"]]
    assert sent == []
