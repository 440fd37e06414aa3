"""Apps that fail, workflows, and settings that do not go together."""

import time
from typing import Any

import httpx
import pytest

from tests.endpoints.senders.conftest import KEY, SENDERS, OpenBot, everywhere, fitting
from tests.relay.senders.samples import SENDERS as SAMPLES
from workspace.senders.posting import SECRET, compose

FAILING = {
    "error-the_duck_flew_away": "",
    "broken-3-0-quota_exceeded": "tok0 tok1 tok2\n\n",
    "errorevent-2-400-invalid_param-the_duck_flew_away": "tok0 tok1\n\n",
    "http-429-rate_limit-quota_exceeded": "",
    "failedchatflow-2": "part 0 part 1 \n\n",
    "cut-2": "tok0 tok1\n\n",
}


@pytest.mark.parametrize("app", FAILING)
def test_a_failed_app_tells_the_person_one_sentence_and_nothing_internal(bot: OpenBot, app: str) -> None:
    asked = {name: bot(name, app) for name in (SENDERS if app.startswith("broken") else ("telegram", "line"))}
    everywhere([*asked.values()])
    for name, one in asked.items():
        [row] = one.ended()
        sorry = f"Sorry, that did not work: the app could not answer. ({row['delivery_id']})"
        assert ("\n".join(one.said()).strip(), row["state"]) == (
            "\n".join(fitting(name, f"{FAILING[app]}{sorry}")).strip(),
            "failed",
        )


# --- workflows


@pytest.mark.parametrize(
    ("app", "placed"),
    [
        ("form-text.query-text.title", "query"),
        ("form-text.title-paragraph.text", "text"),
        ("form-paragraph.question.required-number.count", "question"),
    ],
)
def test_a_message_goes_into_the_input_that_a_workflow_has_for_it(bot: OpenBot, app: str, placed: str) -> None:
    duck = bot("telegram", app)
    duck.route = "/workflow"
    duck.ask("Do ducks quack?")
    assert duck.outcome() == ("done", "")
    [run] = duck.runs()
    assert (run["inputs"][placed], run["inputs"]["user"]) == ("Do ducks quack?", "42")


def test_a_workflow_with_several_inputs_for_text_is_refused_with_their_names(bot: OpenBot) -> None:
    duck = bot("telegram", "form-text.title-text.body")
    delivery = compose("telegram", "quack")
    answer = httpx.post(f"{duck.url}/workflow", content=delivery.body, headers=dict(delivery.headers))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert "title, body" in answer.json()["message"]
    assert duck.silent()


# --- settings


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"access": "key"}, ["reply is sender", "access"]),
        ({"access": "public", "webhook_secret": None}, ["reply is sender", "access"]),
        ({"bot_token": None}, ["bot_token is not set"]),
        ({"webhook": "stripe"}, ["reply is sender", "webhook"]),
    ],
)
def test_settings_that_do_not_go_together_are_told_to_the_owner_alone(
    bot: OpenBot, settings: dict[str, Any], named: list[str]
) -> None:
    duck = bot("github", "parrot", **settings)
    delivery = compose("github", "quack")
    headers = {
        **delivery.headers,
        **({"X-API-Key": KEY} if settings.get("access") == "key" else {}),
        **(SAMPLES["stripe"].sign(delivery.body, int(time.time()), SECRET) if "webhook" in settings else {}),
    }
    answer = httpx.post(f"{duck.url}/chat", content=delivery.body, headers=headers)
    assert answer.status_code == 503
    told = answer.json()["message"]
    assert ("bot_token" in told or "reply" in told) is (settings.get("access") == "key")
    duck.workspace.line("status=503", *named)
    assert duck.silent()
