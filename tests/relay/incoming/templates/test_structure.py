from typing import Any

import pytest

from relay.errors import AppUnavailable
from relay.incoming.templates import ObjectTemplate
from relay.incoming.templates.structure import MOST_VALUES


def tree(source: str) -> dict[str, Any]:
    return ObjectTemplate("inputs_template", source).fill({"body": {"n": 1}})


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "No", "ON", "y", "n", "Yes"])
def test_words_that_yaml_took_for_booleans_are_text_as_names_and_as_values(word: str) -> None:
    assert tree(f"{word}: {word}\nlist: [{word}]") == {word: word, "list": [word]}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-1", -1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("'12'", "12"),
        ('"true"', "true"),
        ('"{{ body.n }}"', 1),
        ("'{{ body.n }}!'", "1!"),
        ("|\n  {{ body.n }}\n  !", "1\n!"),
    ],
)
def test_numbers_are_json_s_and_all_else_is_text(written: str, value: Any) -> None:
    given = tree(f"it: {written}")
    assert given == {"it": value}
    assert type(given["it"]) is type(value)


@pytest.mark.parametrize("name", ["1", "1.50", "true", "null", "~", "2024-01-01", "<<", "=", "'1'"])
def test_names_are_the_text_that_was_written(name: str) -> None:
    assert tree(f"{name}: a") == {name.strip("'"): "a"}


@pytest.mark.parametrize(
    "source",
    [
        '{"a":1,"b":[true,null,"no"],"c":{"1":1.5}}',
        '{ "a": 1, "b": [true, null, "no"], "c": {"1": 1.5} }',
        "a: 1\nb: [true, null, 'no']\nc:\n  1: 1.5",
        "x: &x {1: 1.5}\n",
    ],
)
def test_json_on_one_line_is_taken_as_yaml_is(source: str) -> None:
    plain = {"a": 1, "b": [True, None, "no"], "c": {"1": 1.5}}
    assert tree(source) == ({"x": {"1": 1.5}} if "&x" in source else plain)


def test_json_is_read_as_json() -> None:
    assert tree('{"a": "\\ud83d\\ude00\\/", "b":\t"x"}') == {"a": "😀/", "b": "x"}


def test_an_anchor_may_be_used_again() -> None:
    assert tree("a: &a {n: '{{ body.n }}'}\nb: *a") == {"a": {"n": 1}, "b": {"n": 1}}


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (BOMB, f"is not valid YAML or JSON: it holds more than {MOST_VALUES} values"),
        ("a: &a [*a]", "is not valid YAML or JSON: it is nested too deep"),
        ("a: " + "[" * 2000, "is not valid YAML or JSON: it is nested too deep"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "is nested more than 100 levels deep"),
        ("a: " + "x" * 40_000, "is longer than 32768 characters"),
        ("title: {{ body.title }}", "is not valid YAML or JSON in line 1"),
        ("a: [", "is not valid YAML or JSON in line 1"),
        ("a: !!python/name:os.system", "is not valid YAML or JSON in line 1"),
        ("a: !!binary aGk=", "is not valid YAML or JSON in line 1"),
        ("? [a]\n: b", "is not valid YAML or JSON in line 1"),
        ("a: 1e999", "is not valid YAML or JSON: 1e999 is no number that JSON has"),
        ('{"a": 1e999}', "is not valid YAML or JSON: 1e999 is no number that JSON has"),
        ("- a", "must be an object in YAML or JSON"),
        ("text", "must be an object in YAML or JSON"),
        ("", "must be an object in YAML or JSON"),
        ('{"\\ud83d": 1}', "holds half a character"),
    ],
)
def test_what_is_no_object_is_the_owners_to_mend(source: str, said: str) -> None:
    hint = "; a text that begins with {{ needs quotes" if "not valid" in said else ""
    with pytest.raises(AppUnavailable) as caught:
        ObjectTemplate("inputs_template", source)
    assert caught.value.message == f"The setting inputs_template {said}{hint}."


def test_a_number_that_is_too_long_is_the_owners_to_mend() -> None:
    for source in ("a: " + "9" * 5000, '{"a": ' + "9" * 5000 + "}"):
        with pytest.raises(AppUnavailable, match="The setting inputs_template is not valid YAML or JSON: "):
            ObjectTemplate("inputs_template", source)


def test_a_text_in_it_that_is_no_template_is_the_owners_to_mend() -> None:
    with pytest.raises(AppUnavailable, match="The setting inputs_template is not a valid template: line 1: "):
        ObjectTemplate("inputs_template", '{"a": ["{{ body"]}')
