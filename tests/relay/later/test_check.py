from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.incoming.settings import SENDERS, Settings
from relay.later.check import ANSWERED, LOOKS, Check, Status, checks
from relay.later.check.calls import TEMPLATES
from relay.senders import SCHEMES

KEY = "a-long-random-text-of-the-owner"
SECRET = "whsec_" + "cXVhY2tx" * 4
OWN = "http://127.0.0.1:5002/e/hook"
SLACK = {"access": "signature", "api_key": KEY, "app": "app", "webhook": "slack", "webhook_secret": "s3cret"}
TO_SLACK = {**SLACK, "reply": "sender", "bot_token": "xoxb-1", "limit_user": "5/minute"}
BACK = {"api_key": KEY, "reply": "callback", "callback_url": "https://example.org/a", "callback_secret": SECRET}


def look(settings: Mapping[str, Any], **told: Any) -> dict[str, Check]:
    known = {"own": OWN, "own_reached": True, "hook_id": "hook", "token": "", "refused": None, **told}
    return {one.name: one for one in checks(Settings.read(settings), **known)}


def problems(settings: Mapping[str, Any], **told: Any) -> dict[str, str]:
    return {name: one.sentence for name, one in look(settings, **told).items() if one.status is Status.PROBLEM}


def test_all_is_looked_at_in_the_order_of_the_form() -> None:
    assert [*look({})] == [name for name, _ in LOOKS]


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": KEY},
        {"api_key": KEY, "app": "app", "allowed_apps": "app, b"},
        SLACK,
        TO_SLACK,
        {**SLACK, "app": None, "allowed_apps": "b"},
        {**TO_SLACK, "webhook": "discord", "bot_token": ""},
        {**TO_SLACK, "webhook": "telegram", "bot_id": "quackbot"},
        {**TO_SLACK, "webhook": "gitlab", "bot_id": "quackbot", "sender_url": "https://gitlab.example.org/api/v4"},
        {**TO_SLACK, "webhook": "meta", "verify_token": "v"},
        {**SLACK, "webhook": "hmac", "hmac_header": "X-Signature"},
        {"access": "public", "api_key": KEY, "app": "app", "limit_endpoint": "100/day"},
        BACK,
        {**BACK, "callback_url": "http://n8n.internal:5678/a", "callback_hosts": "http://n8n.internal:5678"},
        {**BACK, "callback_url": "{{ body.url }}", "callback_hosts": "https://example.org"},
        {**BACK, "callback_secret": f"{SECRET}, {SECRET}"},
        {"api_key": KEY, "relay_url": "https://dify.example.org/e/hook"},
        {"api_key": KEY, "run_if": "{{ body.a == 1 }}", "inputs_template": '{"a": "{{ body.a }}"}'},
    ],
)
def test_what_is_well_set_is_left_alone(settings: Mapping[str, Any]) -> None:
    assert problems(settings) == {}


@pytest.mark.parametrize(
    ("settings", "name", "told"),
    [
        ({"api_key": KEY, "memory_days": "many"}, "Settings", "memory_days"),
        ({}, "API key", "set api_key"),
        ({"api_key": "quack"}, "API key", "The key has fewer than 16 characters"),
        ({"api_key": f"{KEY}, b, c"}, "API key", "Of the keys, number 2, 3 has fewer"),
        ({**SLACK, "app": None}, "Default app", "pick a default app"),
        ({"access": "public", "api_key": KEY, "limit_user": "1/day"}, "Default app", "pick a default app"),
        ({**SLACK, "webhook": None}, "Webhook signature", "no sender is chosen"),
        ({**SLACK, "webhook_secret": ""}, "Webhook signature", "every delivery is refused"),
        ({**SLACK, "webhook_secret": "a,b,c,d,e,f,g,h,i"}, "Webhook signature", "more than 8 secrets"),
        ({**SLACK, "webhook": "meta"}, "Webhook signature", "set verify_token"),
        ({**SLACK, "webhook": "hmac"}, "Webhook signature", "hmac_header must be a header's name"),
        (
            {**SLACK, "access": "public", "limit_user": "1/day"},
            "Webhook signature",
            "everyone may call, so that no signature is checked",
        ),
        ({"api_key": KEY, "query_template": "{{ a"}, "Templates", "No valid template: query_template."),
        ({"api_key": KEY, "inputs_template": "[1]", "run_if": "{% x %}"}, "Templates", "run_if, inputs_template."),
        ({"api_key": KEY, "webhook": "slack", "reply": "sender", "bot_token": "x"}, "Answer goes to", "set access"),
        ({**TO_SLACK, "webhook": "stripe"}, "Answer goes to", "Stripe can't be answered by an API"),
        ({**TO_SLACK, "bot_token": " "}, "Bot token", "No token is set"),
        ({**TO_SLACK, "webhook": "github"}, "Bot's name", "enter in bot_id"),
        ({**TO_SLACK, "sender_url": "https://slack.example.org"}, "Sender's address", "empty sender_url"),
        ({**BACK, "callback_url": ""}, "Callback address", "enter in callback_url"),
        ({**BACK, "callback_url": "{{ body.url }}"}, "Callback address", "list in callback_hosts"),
        ({**BACK, "callback_url": "example.org/a"}, "Callback address", "no address"),
        ({**BACK, "callback_url": "http://example.org/a"}, "Callback address", "begin with https://"),
        (
            {**BACK, "callback_url": "ftp://a.b/", "callback_hosts": "ftp://a.b"},
            "Callback address",
            "begin with https",
        ),
        ({**BACK, "callback_url": "https://[x/"}, "Callback address", "no address"),
        ({**BACK, "callback_secret": ""}, "Callback secret", "set callback_secret"),
        (
            {"api_key": KEY, "relay_url": "https://dify.example.org/e/hooked"},
            "This endpoint's URL",
            "not this endpoint's",
        ),
        ({"access": "public", "api_key": KEY, "app": "app"}, "Limits", "set limit_user or limit_endpoint"),
    ],
)
def test_what_is_not_is_found_and_what_to_do_is_said(settings: Mapping[str, Any], name: str, told: str) -> None:
    found = problems(settings)
    assert [*found] == [name]
    assert told in found[name]


@pytest.mark.parametrize("secret", [SECRET[6:], "whsec_c2hvcnQ=", f"{SECRET}, whsec_*"])
def test_a_secret_that_cannot_sign_is_named_and_what_it_has_to_be(secret: str) -> None:
    assert problems({**BACK, "callback_secret": secret}) == {
        "Settings": "These can't be understood, so every call is refused: callback_secret. Correct them.",
        "Callback secret": "callback_secret has to be whsec_ and the Base64 of 24 to 64 random bytes.",
    }


@pytest.mark.parametrize(
    ("told", "status", "sentence"),
    [
        ({"token": ""}, Status.OK, "The sender's API takes the token."),
        ({"token": None}, Status.OK, "A token is set. The sender's API was not asked about it."),
        (
            {"token": "it is not known there (invalid_auth)"},
            Status.PROBLEM,
            "The sender's API refuses the token: it is not known there (invalid_auth). Enter a new one in bot_token.",
        ),
    ],
)
def test_the_token_is_what_the_senders_api_says_of_it(told: dict[str, Any], status: Status, sentence: str) -> None:
    assert look(TO_SLACK, **told)["Bot token"] == Check(name="Bot token", status=status, sentence=sentence)


@pytest.mark.parametrize(
    ("settings", "own", "reached", "status", "begins"),
    [
        (TO_SLACK, OWN, True, Status.OK, "The plugin reaches its own address."),
        (TO_SLACK, OWN, None, Status.OK, "The address is known."),
        (TO_SLACK, OWN, False, Status.PROBLEM, "The plugin does not reach its own address: set relay_url"),
        (TO_SLACK, "", None, Status.PROBLEM, "The plugin does not know its own address"),
        (SLACK, "", None, Status.NOT_NEEDED, "The plugin does not know its own address"),
        (SLACK, OWN, False, Status.NOT_NEEDED, "The plugin does not reach its own address"),
    ],
)
def test_its_own_address_matters_where_answers_come_later(
    settings: Mapping[str, Any], own: str, reached: bool | None, status: Status, begins: str
) -> None:
    found = look(settings, own=own, own_reached=reached)["This endpoint's URL"]
    assert found.status is status
    assert found.sentence.startswith(begins)


def test_the_last_signature_that_was_refused_says_what_it_lacked() -> None:
    found = problems(SLACK, refused="no x-slack-signature header")
    assert found == {
        "Last refused signature": "A delivery was refused: no x-slack-signature header. If it was the sender's own,"
        " compare webhook and webhook_secret with what stands on the sender's page."
    }
    assert look({"api_key": KEY}, refused="whatever")["Last refused signature"].status is Status.NOT_NEEDED


def test_who_could_be_answered_where_it_asked_is_told() -> None:
    assert "To see them in Slack itself" in look(SLACK)["Answer goes to"].sentence
    assert look({**SLACK, "webhook": "stripe"})["Answer goes to"].sentence == "Answers go into the response."
    assert ANSWERED.keys() <= SCHEMES.keys()


def test_a_check_is_json_too() -> None:
    assert look({"api_key": KEY})["API key"].as_dict() == {
        "name": "API key",
        "status": "ok",
        "sentence": "A key is set.",
    }


SECRETS = {
    "api_key": "KQ7#zW4!pLx9@vT2",
    "webhook_secret": "mB8$eN3%uJr6^cY1",
    "verify_token": "hG5&oD0*iSf2+aK9",
    "bot_token": "Zt4?Xq7=Vw1~Ul8|",
    "callback_secret": "Qy3<Hj6>Fk9;Rd0:",
    "callback_url": "https://Nc2.example/Pb5?Ms8=Ex1",
    "query_template": "{{ Gi7Lo4Wu0Aj3 ",
}


def pieces(secret: str) -> set[str]:
    """Give what is no word: every three characters in a row of what nobody would write by chance."""
    bare = secret.removeprefix("https://").replace(".example", "").removeprefix("{{ ")
    return {"".join(three) for three in zip(bare, bare[1:], bare[2:], strict=False)}


@given(
    settings=st.fixed_dictionaries(
        {
            "access": st.sampled_from(["key", "signature", "public"]),
            "webhook": st.sampled_from([None, *SENDERS]),
            "reply": st.sampled_from(["response", "sender", "callback"]),
        },
        optional={name: st.just(secret) for name, secret in SECRETS.items()},
    )
)
def test_nothing_of_a_secret_is_ever_said(settings: dict[str, Any]) -> None:
    said = " ".join(f"{one.name} {one.sentence}" for one in look(settings).values())
    assert [piece for secret in SECRETS.values() for piece in pieces(secret) if piece in said] == []


def test_each_template_is_a_setting() -> None:
    assert Settings.model_fields.keys() >= TEMPLATES.keys()
