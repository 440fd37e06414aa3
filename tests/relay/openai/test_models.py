"""What /v1/models shows of apps that are reached by their keys."""

import time
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from relay.errors import AppTimeout
from relay.host import Host
from relay.openai import respond
from tests.relay.keyed import KEYED, URL, App, Dify, refusing
from tests.relay.scripts import KEY
from tests.requests import request

OWN = {**KEYED, "app_keys": "a=app-a, b=app-b", "allowed_apps": "duck=a, b, plain=c"}
SITE = {"title": "Ask a duck", "description": "It answers.", "icon_type": "emoji", "icon": "🦆", "icon_url": None}
INFO = {"name": "Goose", "description": "Knows ponds."}


def listed(
    dify: Dify, settings: Mapping[str, Any] = OWN, *, elapsed: Iterator[float] | None = None, path: str = "/v1/models"
) -> Any:
    host = Host(clock=time.time, elapsed=time.monotonic if elapsed is None else elapsed.__next__)
    headers = {} if settings.get("access") == "public" else {"Authorization": "Bearer quack"}
    named = {"model_id": path.rpartition("/")[2]} if path != "/v1/models" else {}
    response = respond(request(path, headers=headers), named, settings, dify=dify, host=host)
    assert response.status_code == 200
    told = response.get_json()
    return told["data"] if path == "/v1/models" else told


def model(id_: str, **shown: str) -> dict[str, Any]:
    return {"id": id_, "object": "model", "created": 0, "owned_by": "dify", **shown}


def test_a_model_has_what_its_apps_page_shows() -> None:
    dify = Dify(a=App(told={"site": SITE}), b=App(told={"info": INFO, "site": {"title": " ", "icon": "goose"}}))
    assert listed(dify) == [
        model("duck", name="Ask a duck", description="It answers.", icon="🦆"),
        model("b", name="Goose", description="Knows ponds."),
        model("plain"),
    ]
    assert listed(dify, path="/v1/models/duck") == listed(dify)[0]
    assert listed(dify, path="/v1/models/a") == {**listed(dify)[0], "id": "a"}


def test_a_stranger_is_shown_the_page_and_not_what_the_workspace_says() -> None:
    dify = Dify(a=App(told={"site": SITE}), b=App(told={"info": INFO}))
    assert listed(dify, {**OWN, "access": "public"}) == [
        model("duck", name="Ask a duck", description="It answers.", icon="🦆"),
        model("b", name="Goose"),
        model("plain"),
    ]


@pytest.mark.parametrize(
    ("site", "shown"),
    [
        ({"icon": "🦆", "icon_url": "https://dify.test/i.png?s=1"}, {"icon_url": "https://dify.test/i.png?s=1"}),
        ({"icon_type": "link", "icon": "http://dify.test/i.png"}, {"icon_url": "http://dify.test/i.png"}),
        ({"icon": "9da23599", "icon_url": "/files/9da23599"}, {}),
        ({"icon": "👩‍👩‍👧‍👦", "icon_url": "javascript:alert(1)"}, {"icon": "👩‍👩‍👧‍👦"}),
        ({"icon_url": 'https://dify.test/"><script>'}, {"icon_url": "https://dify.test/%22%3E%3Cscript%3E"}),
        ({"icon_url": "https://dify.test/" + "i" * 3000}, {}),
        ({"icon": "🦆" * 17}, {}),
        ({"icon": 7, "icon_url": {}, "title": [], "description": True}, {}),
    ],
)
def test_an_icon_is_an_emoji_or_an_address(site: dict[str, Any], shown: dict[str, str]) -> None:
    assert listed(Dify(a=App(told={"site": site}), b=App()))[0] == model("duck", **shown)


def test_what_is_shown_is_of_a_sane_length() -> None:
    told = {"title": "d" * 9000, "description": "e" * 9000}
    shown = listed(Dify(a=App(told={"site": told}), b=App()))[0]
    assert shown == model("duck", name="d" * 200, description="e" * 1000)


def test_an_app_that_dify_refuses_keeps_its_line_and_others_their_names() -> None:
    dify = Dify(a=App(told={"site": refusing(), "info": refusing()}), b=App(told={"site": refusing(), "info": INFO}))
    assert listed(dify) == [model("duck"), model("b", name="Goose", description="Knows ponds."), model("plain")]


def test_a_dify_that_hangs_is_waited_for_once() -> None:
    hanging = [App(told={"site": AppTimeout("late"), "info": AppTimeout("late")}) for _ in range(2)]
    dify = Dify(a=hanging[0], b=hanging[1])
    assert listed(dify, elapsed=map(float, count(step=2))) == [model("duck"), model("b"), model("plain")]
    assert [app.looked for app in hanging] == [["site"], []]


def test_apps_with_keys_are_listed_where_every_app_is_open() -> None:
    dify = Dify(a=App(told={"site": SITE}), b=App(told={"info": INFO}))
    settings = {**OWN, "allowed_apps": "", "app": "b"}
    shown = [model("b", name="Goose", description="Knows ponds.")]
    assert listed(dify, settings) == [
        *shown,
        model("a", name="Ask a duck", description="It answers.", icon="🦆"),
    ]
    assert listed(dify, {**settings, "access": "public"}) == [model("b", name="Goose")]


def test_without_an_address_of_the_service_api_names_are_left_out() -> None:
    settings = {**KEY, "app_keys": "a=app-a", "allowed_apps": "duck=a"}
    assert listed(Dify(), settings) == [model("duck")]
    assert URL not in str(listed(Dify(), settings))
