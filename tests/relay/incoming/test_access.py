import pytest
from werkzeug import Request

from relay.errors import AppNotAllowed, AppNotFound, Unauthorized
from relay.incoming import access
from relay.incoming.settings import Settings
from tests.requests import get, request

KEYED = Settings.read({"api_key": "quack"})


@pytest.mark.parametrize(
    "call",
    [
        get(headers={"Authorization": "Bearer quack"}),
        get(headers={"Authorization": "bearer quack"}),
        get(headers={"X-API-Key": "quack"}),
        get("key=quack"),
        get("key=wrong&key=quack"),
        get("key=wrong", {"X-API-Key": "quack"}),
    ],
    ids=["bearer", "bearer in lower case", "header", "query", "one of two", "one of two places"],
)
def test_the_key_opens(call: Request) -> None:
    access.check_key(call, KEYED)


@pytest.mark.parametrize(
    "call",
    [
        get(),
        get("key="),
        get("key=Quack"),
        get("key=quac"),
        get("key=quackk"),
        get("key=qu%C3%A4ck"),
        get("key=%FF%FE"),
        get(headers={"Authorization": "quack"}),
        get(headers={"Authorization": "Bearer"}),
        get(headers={"Authorization": "Bearer "}),
        get(headers={"Authorization": "Bearer None"}),
        get(headers={"Authorization": "Basic cXVhY2s6cXVhY2s="}),
        get(headers={"X-API-Key": "wrong"}),
        request(method="POST", data={"key": "quack"}),
    ],
)
def test_anything_else_does_not(call: Request) -> None:
    with pytest.raises(Unauthorized) as caught:
        access.check_key(call, KEYED)
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
    assert "quack" not in caught.value.message


@pytest.mark.parametrize("call", [get(), get("key="), get(headers={"X-API-Key": ""})])
def test_without_a_key_set_nobody_gets_in_and_the_answer_says_why(call: Request) -> None:
    with pytest.raises(Unauthorized, match="no key yet"):
        access.check_key(call, Settings())


@pytest.mark.parametrize(
    ("settings", "named", "app"),
    [
        ({}, "x", "x"),
        ({"app": "a"}, "", "a"),
        ({"app": "a"}, "x", "x"),
        ({"app": "a", "allowed_apps": "b"}, "b", "b"),
        ({"app": "a", "allowed_apps": "b"}, "a", "a"),
        ({"access": "public", "app": "a"}, "", "a"),
        ({"access": "public", "app": "a"}, "a", "a"),
        ({"access": "public", "allowed_apps": "b"}, "b", "b"),
    ],
)
def test_the_app_is_the_one_named_else_the_one_picked(settings: dict[str, str], named: str, app: str) -> None:
    assert access.choose_app(named, Settings.read(settings)) == app


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"allowed_apps": "b"}, "x"),
        ({"access": "public"}, "x"),
        ({"access": "public", "app": "a"}, "x"),
        ({"access": "public", "allowed_apps": "b"}, "x"),
        ({"access": "public", "allowed_apps": "b"}, "b,"),
    ],
)
def test_an_app_that_the_owner_did_not_name_is_refused(settings: dict[str, str], named: str) -> None:
    with pytest.raises(AppNotAllowed):
        access.choose_app(named, Settings.read(settings))


def test_no_app_at_all_is_told() -> None:
    with pytest.raises(AppNotFound, match="pick an app"):
        access.choose_app("", Settings())
