import pytest

from relay.errors import AppUnavailable
from relay.incoming.settings import Access, DefaultFormat, Settings

DEFAULTS = Settings()


def test_the_defaults_let_nobody_in() -> None:
    assert DEFAULTS.access is Access.KEY
    assert DEFAULTS.api_key.get_secret_value() == ""
    assert DEFAULTS.reachable_apps == frozenset()


@pytest.mark.parametrize("empty", [None, ""], ids=["null", "empty"])
def test_null_and_empty_are_the_default(empty: str | None) -> None:
    assert Settings.read(dict.fromkeys(Settings.model_fields, empty)) == DEFAULTS


def test_missing_is_the_default_and_foreign_settings_are_ignored() -> None:
    assert Settings.read({"of_another_version": 1}) == DEFAULTS


@pytest.mark.parametrize(
    ("stored", "app"),
    [
        ({"app_id": "a", "inputs": {}, "files": []}, "a"),
        ({"app_id": ""}, ""),
        ({"app_id": None}, ""),
        ({}, ""),
        ("a", "a"),
    ],
    ids=["selector", "picked nothing", "picked null", "empty object", "plain id"],
)
def test_an_app_selector_gives_the_apps_id(stored: object, app: str) -> None:
    assert Settings.read({"app": stored}).app == app


def test_lists_are_separated_by_commas_blanks_or_lines() -> None:
    settings = Settings.read({"allowed_apps": " a, b,,c\nd ", "cors_origins": "https://a.example"})
    assert settings.allowed_apps == {"a", "b", "c", "d"}
    assert settings.cors_origins == {"https://a.example"}


def test_blanks_around_a_pasted_key_are_dropped() -> None:
    assert Settings.read({"api_key": " quack\n"}).api_key.get_secret_value() == "quack"


@pytest.mark.parametrize("wrong", [0, 1, True, [], {"a": 1}, "nonsense"])
def test_what_cannot_be_understood_is_refused_by_name_without_its_value(wrong: object) -> None:
    with pytest.raises(AppUnavailable) as caught:
        Settings.read({"access": wrong, "default_format": "sse"})
    assert caught.value.message == "This endpoint's settings can't be understood: check access."


@pytest.mark.parametrize(
    ("stored", "secrets"),
    [
        ("", []),
        (" first-secret\n", ["first-secret"]),
        ("first-secret  second-secret", ["first-secret", "second-secret"]),
        ("It's a Secret to Everybody", ["It's a Secret to Everybody"]),
        ("pond", ["pond"]),
    ],
)
def test_several_secrets_are_separated_by_spaces(stored: str, secrets: list[str]) -> None:
    assert Settings.read({"webhook_secret": stored}).webhook_secrets == secrets


def test_the_webhook_secret_is_no_verify_token() -> None:
    # it would stand in an address
    assert Settings.read({"webhook_secret": "first-secret"}).verify_tokens == []
    assert Settings.read({"webhook_secret": "first-secret", "verify_token": "mine"}).verify_tokens == ["mine"]


def test_the_key_is_not_in_the_settings_text() -> None:
    assert "quack" not in repr(Settings.read({"api_key": "quack"}))


def test_every_default_format_is_a_format() -> None:
    from relay.outgoing.formats import FORMATS  # noqa: PLC0415

    assert {form.value for form in DefaultFormat} - {"auto"} == set(FORMATS)
