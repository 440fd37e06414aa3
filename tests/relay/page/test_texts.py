import string
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import errors
from relay.errors import RelayError
from relay.page import texts
from relay.page.steps import State
from relay.page.texts import TEXTS, Explained, Texts
from relay.page.wrong import Rule

LANGUAGES = [*TEXTS]
SAME = frozenset({"json", "units.hours", "units.minutes", "units.seconds"})  # what is said alike in several languages


def said(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Give each sentence with where it stands."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from said(one, f"{name}.{key}")
    else:
        for field in fields(value):
            yield from said(getattr(value, field.name), f"{name}.{field.name}" if name else field.name)


def filled_in(text: str) -> list[str]:
    return sorted(str(name) for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says_with_the_same_to_fill_in(language: str) -> None:
    of = {name: filled_in(text) for name, text in said(TEXTS[language])}
    assert of == {name: filled_in(text) for name, text in said(TEXTS["en"])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_has_blanks_around_it_or_markup(language: str) -> None:
    for name, text in said(TEXTS[language]):
        assert (name, text) == (name, text.strip())
        assert text
        assert {*"<>&\n"}.isdisjoint(text)


def test_nothing_was_left_in_another_language() -> None:
    told = {language: dict(said(TEXTS[language])) for language in LANGUAGES}
    for name, english in told["en"].items():
        others = [told[language][name] for language in LANGUAGES if language != "en"]
        assert name in SAME or english not in others, name
    differing = [name for name, text in told["zh-Hans"].items() if text != told["zh-Hant"][name]]
    assert len(differing) > 100


def codes_of(kind: type[RelayError]) -> set[str]:
    return {kind.code}.union(*map(codes_of, kind.__subclasses__()))


def test_every_error_of_the_relay_is_explained() -> None:
    told = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RelayError)}
    assert told == {*TEXTS["en"].errors}


def test_an_error_that_nobody_knows_is_explained_as_any() -> None:
    for of in TEXTS.values():
        assert of.explain("of_another_version") == of.errors["internal_error"] == of.explain("internal_error")
        assert isinstance(of.explain("app_failed"), Explained)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_the_form_and_every_state_of_a_step_has_words(language: str) -> None:
    assert {*TEXTS[language].wrong} == {*Rule}
    assert {*TEXTS[language].step} == {*State}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh_TW", "zh-Hant"),
        ("ja", "ja"),
        ("JA-jp", "ja"),
        ("pt-PT,pt;q=0.9", "pt"),
        ("pt-BR", "pt"),
        ("de-DE,de;q=0.9,ja;q=0.5,en;q=0.4", "ja"),
        ("en;q=0.3,pt;q=0.9", "pt"),
        ("ja;q=0,pt;q=0.1", "pt"),
        ("de", "en"),
        ("*", "en"),
        ("jav", "en"),
        ("ja;q=9", "en"),
        (";;;,,,=", "en"),
        ("\x00\ud800<script>", "en"),
        ("x" * 100_000 + ",ja", "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_likes_best(accepted: str, language: str) -> None:
    assert texts.choose(accepted) == language


@given(st.text(st.sampled_from("zhHansTWjapt-_;=q0.19,* \x00")) | st.text())
def test_whatever_a_browser_sends_there_is_a_language(accepted: str) -> None:
    assert texts.choose(accepted) in TEXTS


def test_a_language_that_there_is_not_is_english() -> None:
    assert texts.in_language("tlh") is TEXTS["en"]
    assert isinstance(texts.in_language("ja"), Texts)
    assert texts.in_language("ja") is TEXTS["ja"]
