import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.incoming.settings import SENDERS, Access, DefaultFormat, MemoryOf, PickedApp, Settings
from relay.senders import SCHEMES, hmac

DEFAULTS = Settings()
NAMES = [*Settings.model_fields]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CHOICES = ("signature", "public", "github", "hmac", "sha1", "base64", "user", "text", "0", "1e400", "http://[", "*")
STORED = JSON | st.sampled_from(CHOICES) | st.fixed_dictionaries({"app_id": JSON, "inputs": JSON, "files": JSON})
WRONG: dict[str, list[object]] = {
    "access": [0, 1, True, [], {"a": 1}, "nobody", "Public"],
    "api_key": [7],
    "app": [0, True, [], ["a"], {"app_id": 7}, {"app_id": {}}],
    "allowed_apps": [7],
    "app_keys": [
        7,
        "app-1",
        "a=",
        "=app-1",
        "a=app-1, a=app-2",
        "a=app-1;b=app-2",
        "a=app-1 b=app-2",
        "a=äpp-1",
        '"a=app-1"',
        "“a”=app-1",
    ],
    "service_api_url": [
        7,
        "dify",
        "ftp://dify/v1",
        "https://me@dify/v1",
        "https://dify/v1?a=b",
        "https://di fy/v1",
        "https://:80/v1",
        "https://dify:0",
        "https://dify:99999",
        "https://dify:a",
    ],
    "webhook": ["nobody", 7],
    "hmac_algorithm": ["md5"],
    "hmac_prefix": [7],
    "query_template": [{"a": 1}],
    "memory": ["all"],
    "memory_days": ["a week", "0", "-1", "nan", "1e400", "3651", 10**400],
    "default_format": ["pdf"],
    "callback_secret": [
        7,
        "quack",
        "whsec_" + "A" * 31,  # 23 bytes
        "whsec_" + "A" * 87,  # 65
        "whsec_" + "*" * 32,
        "whsec_" + "é" * 32,
        "whpk_" + "A" * 32,
        "A" * 32,
        f"whsec_{'A' * 32}, quack",
    ],
    "cors_origins": [
        "good.example",
        "https://",
        "http://[",
        "https://a.example:x",
        "https://*.a.example",
        "https://a.example;https://b.example",
    ],
    "title": [7, "q" * 81, "Duck\nPond", "Duck\u2028Pond", "Duck\x00"],
    "accent": [7, "red", "#abc", "0b6e4f", "#0b6e4g", "#0b6e4f;}", "#０b6e4f"],
    "image_hosts": [
        7,
        "http://a.example",
        "https://a.example/pond",
        "me@a.example",
        "a.example:0",
        "a.example:99999",
        "a.example;script-src",
        "'self'",
        "data:",
        "*.*.example",
        "a.*.example",
        "*.",
        "a..example",
        "[::1]",
        "a_b.example",
    ],
}


def test_the_defaults_let_nobody_in() -> None:
    assert DEFAULTS.access is Access.KEY
    assert (DEFAULTS.api_keys, DEFAULTS.webhook_secrets, DEFAULTS.verify_tokens) == ((), (), ())
    assert DEFAULTS.reachable_apps == frozenset()


@pytest.mark.parametrize("empty", [None, "", " \n"], ids=["null", "empty", "blank"])
def test_null_and_empty_are_the_default(empty: str | None) -> None:
    assert Settings.read(dict.fromkeys(NAMES, empty)) == DEFAULTS


def test_missing_is_the_default_and_foreign_settings_are_ignored() -> None:
    assert Settings.read({"of_another_version": 1, "problems": ["access"], "_problems": ["access"]}) == DEFAULTS
    assert DEFAULTS.problems == ()


def test_what_the_owner_chose_is_read() -> None:
    settings = Settings.read(
        {
            "access": "signature",
            "webhook": "hmac",
            "hmac_algorithm": "sha512",
            "hmac_encoding": "base64",
            "query_template": "{{ body }}",
            "memory": "user",
            "memory_days": "0.5",
            "default_format": "sse",
        }
    )
    assert settings.problems == ()
    assert settings == Settings(
        access=Access.SIGNATURE,
        webhook="hmac",
        hmac_algorithm="sha512",
        hmac_encoding="base64",
        query_template="{{ body }}",
        memory=MemoryOf.USER,
        memory_days=0.5,
        default_format=DefaultFormat.SSE,
    )


@pytest.mark.parametrize(
    ("name", "wrong"),
    [(name, value) for name, values in WRONG.items() for value in values],
)
def test_what_cannot_be_understood_is_named_and_left_at_its_default(name: str, wrong: object) -> None:
    settings = Settings.read({"of_another_version": 1, name: wrong})
    assert settings.problems == (name,)
    assert all(getattr(settings, field) == getattr(DEFAULTS, field) for field in NAMES)


def test_what_can_be_understood_beside_it_is_kept() -> None:
    settings = Settings.read(
        {"memory_days": "x", "access": "x", "api_key": "quack", "cors_origins": "*", "memory": "user"}
    )
    assert settings.problems == ("access", "memory_days")
    assert (settings.access, settings.api_keys, settings.memory) == (Access.KEY, ("quack",), MemoryOf.USER)
    assert settings.cors_origins == {"*"}


@given(st.dictionaries(st.sampled_from(NAMES), STORED))
def test_nothing_that_is_stored_breaks_reading(stored: dict[str, object]) -> None:
    settings = Settings.read(stored)
    assert set(settings.problems) <= set(stored)
    assert settings.problems == tuple(sorted(settings.problems))
    understood = {name: value for name, value in stored.items() if name not in settings.problems}
    again = Settings.read(understood)
    assert again.problems == ()
    assert all(getattr(again, name) == getattr(settings, name) for name in NAMES)


@pytest.mark.parametrize("setting", ["api_key", "webhook_secret", "verify_token"])
@pytest.mark.parametrize(
    ("stored", "secrets"),
    [
        (" first\n", ("first",)),
        ("first, second", ("first", "second")),
        ("first\r\nsecond\nthird", ("first", "second", "third")),
        ("correct horses battery staples", ("correct horses battery staples",)),
        (" , ,\n,", ()),
    ],
    ids=["pasted", "commas", "lines", "a passphrase", "nothing between commas"],
)
def test_several_secrets_are_separated_by_commas_or_lines_never_by_blanks(
    setting: str, stored: str, secrets: tuple[str, ...]
) -> None:
    settings = Settings.read({setting: stored})
    kept = {
        "api_key": settings.api_keys,
        "webhook_secret": settings.webhook_secrets,
        "verify_token": settings.verify_tokens,
    }
    assert kept.pop(setting) == secrets
    # no secret stands in for another
    assert set(kept.values()) == {()}


def test_what_callbacks_are_signed_with_may_be_several() -> None:
    first, second = "whsec_" + "A" * 32, "whsec_" + "A" * 86 + "=="
    settings = Settings.read({"callback_secret": f" {first}\n{second},"})
    assert (settings.callback_secrets, settings.problems) == ((first, second), ())


def test_no_secret_is_in_the_settings_text() -> None:
    settings = Settings.read({"api_key": "quack", "webhook_secret": "quack", "verify_token": "quack"})
    assert "quack" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("stored", "app"),
    [
        ({"app_id": "a"}, PickedApp(app_id="a")),
        ("a", PickedApp(app_id="a")),
        (
            {"app_id": " a ", "inputs": {"n": [1]}, "files": [{"type": "image"}], "type": "app-selector"},
            PickedApp(app_id="a", inputs={"n": [1]}, files=({"type": "image"},)),
        ),
        ({"app_id": "a", "inputs": None, "files": None}, PickedApp(app_id="a")),
        ({"app_id": "a", "inputs": [1], "files": {"type": "image"}}, PickedApp(app_id="a")),
        ({"app_id": "a", "inputs": "", "files": ["", None, {}]}, PickedApp(app_id="a", files=({},))),
        ({"app_id": "", "inputs": {"n": 1}}, None),
        ({"app_id": " "}, None),
        ({"app_id": None}, None),
        ({}, None),
    ],
    ids=[
        "id",
        "plain id",
        "filled in",
        "nulls",
        "odd shapes",
        "odd files",
        "picked nothing",
        "blank",
        "picked null",
        "empty object",
    ],
)
def test_an_app_selector_gives_the_app_and_what_was_filled_in(stored: object, app: PickedApp | None) -> None:
    settings = Settings.read({"app": stored})
    assert (settings.app, settings.problems) == (app, ())


def test_the_reachable_apps_are_those_picked_and_listed() -> None:
    assert Settings.read({"app": "a", "allowed_apps": "b, c"}).reachable_apps == {"a", "b", "c"}
    assert Settings.read({"app": {"app_id": ""}, "allowed_apps": "b"}).reachable_apps == {"b"}


def test_apps_are_separated_by_commas_blanks_or_lines() -> None:
    assert [*Settings.read({"allowed_apps": " a, b,,c\nd e"}).allowed_apps] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ("duck=a", {"duck": "a"}),
        (" My Duck = a ,b, x/y=c", {"My Duck": "a", "b": "b", "x/y": "c"}),
        ("duck=a, goose=a, duck=a", {"duck": "a", "goose": "a"}),
    ],
)
def test_an_app_may_have_names(stored: str, named: dict[str, str]) -> None:
    settings = Settings.read({"allowed_apps": stored})
    assert (settings.allowed_apps, settings.problems) == (named, ())
    assert [settings.app_id(name) for name in named] == [*named.values()]


def test_a_key_is_for_an_app_by_its_id_or_by_whatever_name_it_has() -> None:
    settings = Settings.read({"allowed_apps": "My Duck = a, b", "app_keys": " My Duck = app-1 ,b=app-2==\nc=app-3,"})
    assert (settings.keys_of_apps, settings.problems) == ({"a": "app-1", "b": "app-2==", "c": "app-3"}, ())


@pytest.mark.parametrize("stored", ["=a", "a=", "a=b=c", "duck=a, duck=b", "a=x;b", "a＝x", "a=x y", "a=b c=d"])
def test_what_names_no_app_is_told_to_the_owner(stored: str) -> None:
    assert Settings.read({"allowed_apps": stored}).problems == ("allowed_apps",)


@pytest.mark.parametrize(
    ("stored", "origins"),
    [
        ("https://good.example", {"https://good.example"}),
        ("https://Good.example/", {"https://good.example"}),
        ("HTTPS://GOOD.example:443/page?a#b", {"https://good.example"}),
        ("http://localhost:8080/, http://localhost:80", {"http://localhost:8080", "http://localhost"}),
        ("http://good.example:443", {"http://good.example:443"}),
        ("https://pönd.example", {"https://xn--pnd-sna.example"}),
        ("http://[::1]:3000", {"http://[::1]:3000"}),
        ("chrome-extension://abc", {"chrome-extension://abc"}),
        ("*", {"*"}),
        ("https://a.example, *", {"https://a.example", "*"}),
    ],
)
def test_origins_are_written_as_browsers_send_them(stored: str, origins: set[str]) -> None:
    settings = Settings.read({"cors_origins": stored})
    assert settings.cors_origins == origins
    assert settings.problems == ()


@pytest.mark.parametrize(
    ("stored", "hosts"),
    [
        ("files.dify.ai", {"files.dify.ai"}),
        ("Files.Dify.AI, *.example.org:8443", {"files.dify.ai", "*.example.org:8443"}),
        ("https://a.example/ a.example:443", {"a.example"}),
        ("pönd.example, *.pönd.example", {"xn--pnd-sna.example", "*.xn--pnd-sna.example"}),
        ("localhost 127.0.0.1:8080", {"localhost", "127.0.0.1:8080"}),
        ("*", {"*"}),
    ],
)
def test_hosts_are_written_as_a_policy_names_them(stored: str, hosts: set[str]) -> None:
    settings = Settings.read({"image_hosts": stored})
    assert settings.image_hosts == hosts
    assert settings.problems == ()


def test_a_title_and_a_colour_lose_the_blanks_around_them() -> None:
    settings = Settings.read({"title": " Duck & Pond 池 ", "accent": " #0B6E4F "})
    assert (settings.title, settings.accent, settings.problems) == ("Duck & Pond 池", "#0b6e4f", ())
    assert Settings.read({"title": "q" * 80}).title == "q" * 80


def test_every_sender_of_the_table_can_be_chosen_and_hmac() -> None:
    assert [*SENDERS] == [*SCHEMES, "hmac"]
    for name in SENDERS:
        settings = Settings.read({"webhook": name})
        assert (settings.webhook, settings.problems) == (name, ())


def test_every_default_format_is_a_format() -> None:
    from relay.outgoing.formats import FORMATS  # noqa: PLC0415

    assert {form.value for form in DefaultFormat} - {"auto"} == set(FORMATS)


def test_every_choice_of_hmac_is_one_that_the_senders_know() -> None:
    types = {name: field.annotation for name, field in Settings.model_fields.items()}
    for algorithm in typing.get_args(types["hmac_algorithm"]):
        for encoding in typing.get_args(types["hmac_encoding"]):
            assert hmac(header="X-Signature", algorithm=algorithm, encoding=encoding).name == "hmac"


def test_the_same_settings_are_read_once_and_many_different_ones_take_no_memory() -> None:
    for number in range(200):
        Settings.read({"api_key": f"key {number}"})
    assert Settings.read({"api_key": "key"}) is Settings.read({"api_key": "key"})
    assert Settings._read.cache_info().currsize <= 64
