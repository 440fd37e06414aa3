import pytest
from werkzeug import Request

from relay.errors import AppNotAllowed, AppNotFound, Unauthorized
from relay.incoming import access
from relay.incoming.settings import Settings
from tests.requests import get, received, request

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
    access.check_key(received(call), KEYED)


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
        access.check_key(received(call), KEYED)
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
    assert "quack" not in caught.value.message


@pytest.mark.parametrize("call", [get(), get("key="), get(headers={"X-API-Key": ""})])
def test_without_a_key_set_nobody_gets_in_and_the_answer_says_why(call: Request) -> None:
    with pytest.raises(Unauthorized, match="no key yet"):
        access.check_key(received(call), Settings())


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


@pytest.mark.parametrize(
    "sent",
    [get(headers={"Authorization": "Bearer sesame=open"}), get(headers={"X-API-Key": "sesame=open"})],
    ids=["bearer", "header"],
)
def test_a_key_may_hold_any_character(sent: Request) -> None:
    assert access.check_key(received(sent), Settings.read({"api_key": "sesame=open"})) == 1


def test_several_keys_are_good_and_it_is_known_which_was_used() -> None:
    keys = Settings.read({"api_key": "old-key, new key"})
    assert access.check_key(received(get("key=old-key")), keys) == 1
    assert access.check_key(received(get(headers={"X-API-Key": "new key"})), keys) == 2
    for part in ("new", "key", "old-key, new key", "old-key,"):
        with pytest.raises(Unauthorized):
            access.check_key(received(get(headers={"X-API-Key": part})), keys)


def test_one_request_tries_few_keys() -> None:
    tried = "&".join(f"key={number}" for number in range(access.MOST_KEYS))
    access.check_key(received(get(f"{tried[:-6]}&key=quack")), KEYED)
    with pytest.raises(Unauthorized):
        access.check_key(received(get(f"{tried}&key=quack")), KEYED)
