from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppUnavailable, InvalidParam, RelayError
from relay.incoming.templates import ObjectTemplate, TextTemplate, Unfilled
from relay.incoming.templates.budget import LONGEST_TEXT

BODY = {
    "action": "created",
    "items": [{"name": "duck", "n": 1}, {"name": "goose", "n": 2}],
    "issue": {"title": 'Fix: "the" {{ thing }}', "number": 7, "labels": [], "open": True, "none": None},
}
VALUES = {"body": BODY, "headers": {"x-github-event": "issues"}, "query": {}, "delivery": {"id": "d"}}


def text(source: str, values: dict[str, Any] = VALUES) -> str:
    return TextTemplate("query_template", source).fill(values)


def tree(source: str, values: dict[str, Any] = VALUES) -> dict[str, Any]:
    return ObjectTemplate("inputs_template", source).fill(values)


def value(source: str, body: Any = BODY) -> Any:
    """What a single expression gives."""
    return ObjectTemplate("inputs_template", f"it: >-\n  {source}").fill({"body": body})["it"]


def reason(source: str, body: Any = BODY) -> str:
    with pytest.raises(Unfilled) as caught:
        value(source, body)
    assert caught.value.setting == "inputs_template"
    assert caught.value.message == f"inputs_template {caught.value.reason}."
    return caught.value.reason


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ body.issue.title }}", 'Fix: "the" {{ thing }}'),
        ("#{{ body.issue.number }}: {{ body.action | upper }}", "#7: CREATED"),
        ("{{ body.issue.number }}", "7"),
        ("{{ body.issue.none }}", ""),
        ("{{ headers['x-github-event'] }}/{{ delivery.id }}", "issues/d"),
        ("{% for item in body.items %}{{ item.name }}{{ ', ' if not loop.last }}{% endfor %}", "duck, goose"),
        ("{{ body.items | map(attribute='name') | join('+') }}", "duck+goose"),
        ("{% if body.missing is defined %}x{% else %}y{% endif %}", "y"),
        ("{{ body.issue.title.lower().startswith('fix') }}", "True"),
        ("{{ body.issue.labels | tojson }}", "[]"),
        ("{% set a = 2 %}{{ a * 3 + 1 }}", "7"),
        ("{{ body.items | map(attribute='name') }}", "['duck', 'goose']"),
        ("{{ {'b': 1, 'a': '<ü>'} | tojson }}", '{"b":1,"a":"<ü>"}'),
    ],
)
def test_text_is_filled_from_the_request(source: str, result: str) -> None:
    assert text(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('title: "{{ body.issue.title }}"', {"title": 'Fix: "the" {{ thing }}'}),
        ('n: "{{ body.issue.number }}"\nopen: "{{ body.issue.open }}"', {"n": 7, "open": True}),
        ('{"all": "{{ body.items }}", "plain": 1.5}', {"all": BODY["items"], "plain": 1.5}),
        ("list:\n  - a\n  - '{{ body.action }}!'", {"list": ["a", "created!"]}),
        ("{}", {}),
    ],
)
def test_an_object_keeps_types_and_no_payload_breaks_out(source: str, result: dict[str, Any]) -> None:
    assert tree(source) == result


@pytest.mark.parametrize("name", ["name", "color", "path", "use", "__class__", "_undefined_name", "items"])
def test_below_a_missing_name_everything_is_missing_whatever_it_is_called(name: str) -> None:
    for source in (f"body.label.{name}", f"body.label['{name}']", f"body.label.{name}.deeper", f"body[0].{name}"):
        assert value(f"{{{{ {source} | default('none') }}}}", {}) == "none"
        assert value(f"{{{{ {source} is defined }}}}", {}) is False


@pytest.mark.parametrize("name", ["items", "keys", "values", "get", "pop", "upper", "append", "__len__"])
def test_a_method_of_pythons_is_no_field_of_a_payload(name: str) -> None:
    bodies: tuple[Any, ...] = ({}, [], "text")
    for body in bodies:
        assert value(f"{{{{ body.{name} is defined }}}}", body) is False
        assert value(f"{{{{ body['{name}'] | default('none') }}}}", body) == "none"
    assert value(f"{{{{ body.{name} }}}}", {name: 1}) == 1


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ body.items() }}", [["items", 1], ["b", "B"]]),
        ("{{ body | items }}", [["items", 1], ["b", "B"]]),
        ("{{ body.keys() }}", ["items", "b"]),
        ("{{ body.values() }}", [1, "B"]),
        ("{{ body | dictsort }}", [["b", "B"], ["items", 1]]),
        ("{{ [3, 1, 2] | sort | reverse }}", [3, 2, 1]),
        ("{{ [1, 2] | map('string') }}", ["1", "2"]),
        ("{{ [1, 2] | select('odd') }}", [1]),
        ("{{ ['a', 'A'] | unique }}", ["a"]),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ {2: 'a', none: 'b', true: 'c', 1.5: 'd'} }}", {"2": "a", "null": "b", "true": "c", "1.5": "d"}),
        ("{{ 'a' if false }}", None),
        ("{{ [body.x, body.b] | select('defined') }}", ["B"]),
    ],
)
def test_what_comes_out_is_json(source: str, result: Any) -> None:
    given = value(source, {"items": 1, "b": "B"})
    assert given == result
    assert type(given) is type(result)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ '1e999' | float }}", "gives inf, which is no number that JSON has"),
        ("{{ {'a': ['nan' | float]} }}", "gives nan, which is no number that JSON has"),
        ("{% for a in [1] %}{{ loop }}{% endfor %}", "can't be filled from this request (TypeError)"),
        ("{{ [body.action, body.missing] }}", "uses body.missing, which this request does not have"),
        ("{{ {'a': {'b': body.missing}} }}", "uses body.missing, which this request does not have"),
        ("{{ [[body.missing]] | tojson }}", "uses body.missing, which this request does not have"),
        ("{{ [1, body.missing] | sort }}", "uses body.missing, which this request does not have"),
        ("{{ body.items | map(attribute='a.b') | join }}", "uses item.a.b, which this request does not have"),
        ("{{ [] | first }}", "uses the first item of an empty list, which this request does not have"),
    ],
)
def test_what_is_no_json_is_told(source: str, said: str) -> None:
    assert reason(source) == said


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ body.titel }}", "body.titel"),
        ("{{ body.titel.deeper }}", "body.titel.deeper"),
        ("{{ body.issue.labels[0].name }}", "body.issue.labels[0].name"),
        ("{{ headers['x-none'] }}", "headers.x-none"),
        ("{% set a = body.titel %}{{ a.b }}", "body.titel.b"),
        ("{% for item in body.items %}{{ item.x }}{% endfor %}", "item.x"),
        ("x {{ nobody }}", "nobody"),
        ("{% for a in body.nothing %}{% endfor %}", "body.nothing"),
        ("{{ body.titel | upper }}", "body.titel"),
        ("{{ body.titel.lower() }}", "body.titel"),
        ("{{ body.action ~ body.titel }}", "body.titel"),
        ("{{ body.titel == 1 }}", "body.titel"),
        ("{{ body.titel in [1] }}", "body.titel"),
        ("{% if body.titel %}x{% endif %}", "body.titel"),
        ("{{ body.a | default(body.b) }}", "body.b"),
    ],
)
def test_a_missing_name_is_told_with_its_path(source: str, name: str) -> None:
    with pytest.raises(Unfilled) as caught:
        text(source)
    assert caught.value.message == f"query_template uses {name}, which this request does not have."
    assert caught.value.reason == f"uses {name}, which this request does not have"
    assert isinstance(caught.value, InvalidParam)


def test_a_loop_gives_text_however_often_it_passes() -> None:
    source = "{% for n in body %}{{ n }}{% endfor %}"
    assert [value(source, body) for body in ([], [1], [1, 2])] == ["", "1", "12"]


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d' is odd }}",
        "{{ '%999999999d' is divisibleby 1 }}",
        "{{ ['%999999999d'] | select('even') | list }}",
        "{{ 1 | round(1000000000, 'floor') }}",
        "{{ 1 | round(-1000000000) }}",
        "{% set a = 7 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
        "{% set a = 'aaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
        "{% set a = ['a'] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
        "{% set a = ['a'] %}" + "{% set a = [a, a] %}" * 40 + "{{ a | tojson }}",
        "{% set a = ['a'] %}" + "{% set a = [a, a] %}" * 40 + "{{ a == [a[0], a[1]] }}",
        "{% set a = body.items %}" + "{% for i in a %}" * 30 + "{% endfor %}" * 30,
        "{{ 'aaaaaaaa'" + " | replace('a', 'aaaaaaaa')" * 12 + " }}",
        "{{ body.action + 1 }}",
        "{{ 1 / 0 }}",
        "{{ body.items | sum }}",
        "{{ [[1], [2]] | sum(start=[]) }}",
        "{{ [1, 'a'] | sort }}",
        "{{ [1] | map('nosuchfilter') }}",
    ],
)
def test_what_goes_too_far_is_refused_and_takes_no_time_or_memory(source: str) -> None:
    with pytest.raises(Unfilled):
        text(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ body", "line 1: unexpected end of template, expected 'end of print statement'"),
        ("{% for %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("\n{{ body | nosuchfilter }}", "line 2: there is no filter 'nosuchfilter' here"),
        ("{{ 'a' | center(999999999) }}", "line 1: there is no filter 'center' here"),
        ("{{ 'a' is callable }}", "line 1: there is no test 'callable' here"),
        ("{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}", "line 1: macro is not allowed here"),
        ("{% include 'x' %}", "line 1: include is not allowed here"),
        ("{% import 'x' as y %}", "line 1: import is not allowed here"),
        ("{% extends 'x' %}", "line 1: extends is not allowed here"),
        ("{% block a %}{% endblock %}", "line 1: block is not allowed here"),
        ("{% for a in body.items recursive %}{% endfor %}", "line 1: a recursive for is not allowed here"),
        ("{% set a.b = 1 %}", "line 1: a namespace is not allowed here"),
        ("{% autoescape true %}{% endautoescape %}", "autoescape is not allowed here"),
        ("{{ 9 ** 9999999 }}", "line 1: ** is not allowed here"),
        ("{{ 'a' * 10 ** 9 }}", "line 1: ** is not allowed here"),
        ("{{ range(10) | list }}", "line 1: there are no functions here"),
        ("{{ lipsum() }}", "line 1: there are no functions here"),
        ("{{ body.a()() }}", "line 1: there are no functions here"),
        ("{{ '{:>999999999}'.format(1) }}", "line 1: there is no method 'format' here"),
        ("{{ 'a'.ljust(999999999) }}", "line 1: there is no method 'ljust' here"),
        ("{{ body.items.append(1) }}", "line 1: there is no method 'append' here"),
        ("{{ body.pop('action') }}", "line 1: there is no method 'pop' here"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "line 1: there is no method '__subclasses__' here"),
        ("{{ body.get(*body) }}", "line 1: * and ** are not allowed here"),
        ("{{ body[1:2, 3] }}", "line 1: an item has one name"),
        ("{{ " + "(" * 5000 + ")" * 5000 + " }}", "it is nested too deep"),
        ("{{ " + "not " * 200 + "1 }}", "it is nested too deep"),
        ("{{ 1" + "+1" * 200 + " }}", "it is nested too deep"),
        ("{{ " + "9" * 5000 + " }}", "it holds a number or a character that JSON has not"),
        ("{{ '\\ud83d' }}", "it holds a number or a character that JSON has not"),
        ("\ud83d", "it holds a number or a character that JSON has not"),
        ("x" * 32769, "it is longer than 32768 characters"),
    ],
)
def test_what_is_no_template_is_the_owners_to_mend(source: str, said: str) -> None:
    with pytest.raises(AppUnavailable) as caught:
        TextTemplate("query_template", source)
    assert caught.value.message == f"The setting query_template is not a valid template: {said}."


def test_the_deepest_template_that_is_taken_can_be_filled() -> None:
    assert text("{{ " + "not " * 147 + "true }}") == "False"
    assert text("{% if true %}" * 140 + "{{ 1 }}" + "{% endif %}" * 140) == "1"


def test_a_long_result_is_refused() -> None:
    for source, body in (("{{ body }}", "x" * (LONGEST_TEXT + 1)), ("{{ body }}{{ body }}", "x" * LONGEST_TEXT)):
        with pytest.raises(Unfilled) as caught:
            text(source, {"body": body})
        assert caught.value.reason == f"goes too far: a text is longer than {LONGEST_TEXT} characters"


def test_filling_changes_nothing_that_it_was_given() -> None:
    body = {"a": [3, 1, 2], "b": {"c": 1}}
    values = {"body": body}
    source = "{% set body = 1 %}{{ body }}"
    assert text("{{ body.a | sort }}{{ body.a | reverse }}{% set c = body.a + [4] %}", values) == "[1, 2, 3][2, 1, 3]"
    assert text(source, values) == "1"
    assert values == {"body": {"a": [3, 1, 2], "b": {"c": 1}}}
    copy = tree('a: "{{ body.a }}"', values)["a"]
    assert copy == body["a"]
    assert copy is not body["a"]


@given(st.text(alphabet="{}%|.() abodyitems'\"-+*/[]0123=,for in if end"), st.text())
def test_any_template_gives_text_or_a_clear_error(source: str, value: str) -> None:
    try:
        result = TextTemplate("query_template", source).fill({"body": value})
    except RelayError as error:
        result = error.message
    assert isinstance(result, str)
