from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppUnavailable, InvalidParam, RelayError
from relay.incoming.template import LONGEST_TEXT, ObjectTemplate, TextTemplate

BODY = {
    "action": "created",
    "items": [{"name": "duck", "n": 1}, {"name": "goose", "n": 2}],
    "issue": {"title": 'Fix: "the" {{ thing }}', "number": 7, "labels": [], "open": True, "none": None},
}
VALUES = {"body": BODY, "headers": {"x-github-event": "issues"}, "query": {}, "delivery": {"id": "d"}}


def text(source: str) -> str:
    return TextTemplate("query_template", source).fill(VALUES)


def tree(source: str) -> dict[str, Any]:
    return ObjectTemplate("inputs_template", source).fill(VALUES)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("plain", "plain"),
        ("{{ body.issue.title }}", 'Fix: "the" {{ thing }}'),
        ("#{{ body.issue.number }}: {{ body.action | upper }}", "#7: CREATED"),
        ("{{ body.issue.number }}", "7"),
        ("{{ body.issue.none }}", ""),
        ("{{ headers['x-github-event'] }}/{{ delivery.id }}", "issues/d"),
        ("{% for item in body.items %}{{ item.name }}{{ ', ' if not loop.last }}{% endfor %}", "duck, goose"),
        ("{{ body.items | map(attribute='name') | join('+') }}", "duck+goose"),
        ("{{ body.missing | default('none') }}", "none"),
        ("{% if body.missing is defined %}x{% else %}y{% endif %}", "y"),
        ("{{ body.issue.title.lower().startswith('fix') }}", "True"),
        ("{{ body.issue.labels | tojson }}", "[]"),
        ("{% set a = 2 %}{{ a * 3 + 1 }}", "7"),
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


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ body.titel }}", "titel"),
        ("{{ body.titel.deeper }}", "titel"),
        ("x {{ nobody }}", "nobody"),
        ("{% for a in body.nothing %}{% endfor %}", "nothing"),
        ("{{ body.titel | upper }}", "titel"),
        ("{% if body.titel %}x{% endif %}", "titel"),
    ],
)
def test_a_missing_name_is_told(source: str, name: str) -> None:
    with pytest.raises(InvalidParam) as caught:
        text(source)
    assert caught.value.message == f"query_template uses {name}, which this request does not have."


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 9999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'a'.ljust(999999999) }}",
        "{{ range(10) | list }}",
        "{{ lipsum() }}",
        "{% set a = body.items %}" + "{% for i in a %}" * 15 + "{% endfor %}" * 15,
        "{{ 'aaaaaaaa'" + " | replace('a', 'aaaaaaaa')" * 12 + " }}",
        "{{ body.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ body.items.append(1) }}",
        "{{ body.pop('action') }}",
        "{{ body.update({}) }}",
        "{{ cycler }}",
        "{{ body.issue.title() }}",
        "{{ 1 / 0 }}",
        "{{ body.action + 1 }}",
        "{{ body.items | sum }}",
    ],
)
def test_what_goes_too_far_is_refused_and_takes_no_time_or_memory(source: str) -> None:
    with pytest.raises(InvalidParam, match="query_template"):
        text(source)
    assert set(BODY) == {"action", "items", "issue"}


@pytest.mark.parametrize(
    "source",
    [
        "{{ body",
        "{% for %}",
        "{{ body | nosuchfilter }}",
        "{{ 'a' | center(999999999) }}",
        "{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% for a in body.items recursive %}{{ loop(body.items) }}{% endfor %}",
        "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    ],
)
def test_what_is_no_template_is_the_owners_to_mend(source: str) -> None:
    with pytest.raises(AppUnavailable, match="The setting query_template is not a valid template"):
        TextTemplate("query_template", source)


@pytest.mark.parametrize("source", ["title: {{ body.title }}", "- a", "text", "a: [", "a: !!python/name:os.system"])
def test_what_is_no_object_is_the_owners_to_mend(source: str) -> None:
    with pytest.raises(AppUnavailable, match="The setting inputs_template"):
        ObjectTemplate("inputs_template", source)


def test_a_long_result_is_refused() -> None:
    with pytest.raises(InvalidParam, match="longer than"):
        TextTemplate("query_template", "{{ body }}").fill({"body": "x" * (LONGEST_TEXT + 1)})
    with pytest.raises(InvalidParam, match="longer than"):
        TextTemplate("query_template", "{{ body }}{{ body }}").fill({"body": "x" * LONGEST_TEXT})


@given(st.text(alphabet="{}%|.() abodyitems'\"-+*/[]0123=,for in if end"), st.text())
def test_any_template_gives_text_or_a_clear_error(source: str, value: str) -> None:
    try:
        result = TextTemplate("query_template", source).fill({"body": value})
    except RelayError as error:
        result = error.message
    assert isinstance(result, str)
