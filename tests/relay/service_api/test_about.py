"""What is told of an app that is reached by its key."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug import Response

from relay.errors import ServiceApiUnusable
from relay.host import Host
from relay.service_api import respond
from tests.relay.keyed import KEYED, App, Dify, refusing
from tests.relay.scripts import FORM
from tests.requests import request

OWN = {**KEYED, "allowed_apps": "gpt-duck=app"}
PUBLIC = {**OWN, "access": "public"}
INFO = {
    "name": "Duck",
    "description": "Knows ponds.",
    "tags": ["birds"],
    "mode": "advanced-chat",
    "author_name": "Ada",
}
SITE = {
    "title": "Ask a duck",
    "chat_color_theme": "#ffcc00",
    "chat_color_theme_inverted": True,
    "icon_type": "image",
    "icon": "9da23599-e713-473b-982c-4328d4f5c78a",
    "icon_background": None,
    "icon_url": "https://dify.test/files/9da2/file-preview?sign=x",
    "description": "It answers.",
    "copyright": "Ada",
    "privacy_policy": "https://dify.test/privacy",
    "input_placeholder": "Quack",
    "custom_disclaimer": "It is a duck.",
    "default_language": "de-DE",
    "show_workflow_steps": False,
    "use_icon_as_answer_icon": True,
}
USUAL = {
    "title": "gpt-duck",
    "chat_color_theme": None,
    "chat_color_theme_inverted": False,
    "icon_type": "emoji",
    "icon": "🤖",
    "icon_background": "#FFEAD5",
    "icon_url": None,
    "description": "",
    "copyright": None,
    "privacy_policy": None,
    "input_placeholder": None,
    "custom_disclaimer": "",
    "default_language": "en-US",
    "show_workflow_steps": True,
    "use_icon_as_answer_icon": False,
}


def ask(path: str, app: App, settings: Mapping[str, Any] = OWN) -> Response:
    headers = {} if settings is PUBLIC else {"Authorization": "Bearer quack"}
    host = Host(clock=time.time, elapsed=time.monotonic)
    sent = request(f"/duck/app/{path}", headers=headers)
    return respond(sent, {"app_id": "app"}, settings, dify=Dify(pond=app), host=host)


def test_its_info_is_difys() -> None:
    assert ask("info", App(told={"info": {**INFO, "secret": "x"}})).get_json() == INFO


def test_a_stranger_learns_neither_who_wrote_it_nor_what_its_workspace_says_of_it() -> None:
    told: dict[str, Any] = {
        "name": "Duck",
        "description": "",
        "tags": [],
        "mode": "advanced-chat",
        "author_name": None,
    }
    assert ask("info", App(told={"info": INFO}), PUBLIC).get_json() == told


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"name": None, "description": None, "tags": None, "mode": None, "author_name": None},
        {"name": 7, "description": [], "tags": {"a": 1}, "mode": {}, "author_name": True},
    ],
)
def test_what_info_does_not_say_is_as_without_a_key(said: dict[str, Any]) -> None:
    told: dict[str, Any] = {"name": "gpt-duck", "description": "", "tags": [], "mode": None, "author_name": None}
    assert ask("info", App(told={"info": said})).get_json() == told


def test_what_info_says_is_of_a_sane_length() -> None:
    said = {"name": "d" * 9000, "description": "e" * 9000, "tags": ["t" * 9000, 7] * 100, "mode": "m" * 9000}
    told = ask("info", App(told={"info": said})).get_json()
    assert [len(told[name]) for name in ("name", "description", "mode")] == [5000] * 3
    assert told["tags"] == ["t" * 5000] * 50


@pytest.mark.parametrize("settings", [OWN, PUBLIC], ids=["key", "public"])
def test_its_site_is_difys(settings: Mapping[str, Any]) -> None:
    assert ask("site", App(told={"site": {**SITE, "code": "x"}}), settings).get_json() == SITE


def test_what_the_site_does_not_say_is_as_on_a_new_apps() -> None:
    wrong = dict.fromkeys(USUAL, 7)
    assert ask("site", App()).get_json() == USUAL
    assert ask("site", App(told={"site": wrong})).get_json() == USUAL


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:image/svg+xml,<svg/>", "/files/9da2", "", "https://d/" + "i" * 3000]
)
def test_an_icon_is_led_to_by_http_alone(address: str) -> None:
    told = ask("site", App(told={"site": {**SITE, "icon_url": address}})).get_json()
    assert told == {**SITE, "icon_url": None}


def test_a_site_that_dify_refuses_keeps_nothing_else_from_being_told() -> None:
    app = App(told={"site": refusing(), "info": INFO})
    assert ask("site", app).status_code == 503
    assert ask("info", app).get_json() == INFO
    assert ask("parameters", app).get_json() == FORM


def test_its_tools_have_difys_icons() -> None:
    icons = {"tool_icons": {"pond": "https://dify.test/pond.png", "api": {"background": "#fff", "content": "🦆"}}}
    app = App(answer={**icons, "more": 1})
    assert ask("meta", app).get_json() == icons
    assert app.asked == [("GET", "/meta", None, None)]


@pytest.mark.parametrize(
    "answer", [None, [], "x", {}, {"tool_icons": []}, {"tool_icons": {"pond": "x" * 300_000}}], ids=lambda _: "answer"
)
def test_icons_that_are_none_are_left_out(answer: Any) -> None:
    assert ask("meta", App(answer=answer)).get_json() == {"tool_icons": {}}


def test_a_stranger_makes_dify_look_for_no_icons() -> None:
    app = App(answer={"tool_icons": {"pond": "https://dify.test/pond.png"}})
    assert (ask("meta", app, PUBLIC).get_json(), app.asked) == ({"tool_icons": {}}, [])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (OWN, "Dify's Service API can't run this app: app_keys has a wrong key."),
        (PUBLIC, "This app can't be reached: the endpoint's owner finds in the plugin's log what to change."),
    ],
    ids=["owner", "stranger"],
)
def test_a_wrong_key_is_told_to_the_owner_alone(settings: Mapping[str, Any], told: str) -> None:
    error = ServiceApiUnusable("app_keys has a wrong key", told=settings is OWN)
    response = ask("info", App(told={"info": error}), settings)
    assert (response.status_code, response.get_json()) == (
        503,
        {"code": "app_unavailable", "message": told, "status": 503},
    )
