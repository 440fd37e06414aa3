from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Interface
from relay.page import declared
from relay.page.declared import Asking, Declared, Field, Kind


def read(*entries: Any, given: dict[str, Any] | None = None, **parameters: Any) -> Declared:
    return declared.read(
        {"user_input_form": list(entries), **parameters}, interface=Interface.WORKFLOW, keyed=True, given=given
    )


def field(kind: str, told: dict[str, Any], given: Any = None) -> Field:
    [found] = read({kind: {"variable": "it", "label": "It", **told}}, given={"it": given}).fields
    return found


def test_every_kind_of_input_is_read() -> None:
    found = read(
        {"text-input": {"variable": "name", "label": "Name", "required": True, "max_length": 48, "default": "Daisy"}},
        {"paragraph": {"variable": "story", "label": "Story", "hint": "What happened?", "max_length": None}},
        {"select": {"variable": "pond", "label": "Pond", "options": ["Big", "Small"], "default": "Small"}},
        {"number": {"variable": "eggs", "label": "Eggs", "default": 2.5}},
        {"checkbox": {"variable": "swims", "label": "Swims", "default": True}},
        {
            "json_object": {
                "variable": "more",
                "label": "More",
                "default": {"a": 1},
                "json_schema": {"type": "object"},
            }
        },
        {
            "file": {
                "variable": "photo",
                "label": "Photo",
                "allowed_file_types": ["image"],
                "allowed_file_upload_methods": ["local_file"],
            }
        },
        {
            "file-list": {
                "variable": "sounds",
                "label": "Sounds",
                "required": True,
                "max_length": 3,
                "allowed_file_types": ["audio", "custom"],
                "allowed_file_extensions": [".MID", "x-y", '"><script>'],
            }
        },
    )

    assert found.fields == (
        Field(kind=Kind.TEXT, name="name", label="Name", required=True, most=48, default="Daisy"),
        Field(kind=Kind.PARAGRAPH, name="story", label="Story", hint="What happened?"),
        Field(kind=Kind.SELECT, name="pond", label="Pond", options=("Big", "Small"), default="Small"),
        Field(kind=Kind.NUMBER, name="eggs", label="Eggs", default="2.5"),
        Field(kind=Kind.CHECKBOX, name="swims", label="Swims", default="true"),
        Field(kind=Kind.JSON, name="more", label="More", default='{\n  "a": 1\n}'),
        Field(kind=Kind.FILE, name="photo", label="Photo", most=1, accept="image/*"),
        Field(
            kind=Kind.FILES,
            name="sounds",
            label="Sounds",
            required=True,
            most=3,
            accept="audio/*,.mid,.x-y",
            by_url=True,
        ),
    )


@pytest.mark.parametrize(
    ("kind", "told", "given", "default"),
    [
        ("text-input", {"default": 5}, None, "5"),
        ("text-input", {"default": "Daisy", "max_length": 3}, None, "Dai"),
        ("text-input", {"default": "Daisy"}, "Donald", "Donald"),
        ("text-input", {"default": "Daisy"}, "", "Daisy"),
        ("text-input", {"default": ["a"]}, None, ""),
        ("number", {"default": "12"}, None, "12"),
        ("number", {"default": "1e3"}, None, "1e3"),
        ("number", {"default": "twelve"}, None, ""),
        ("number", {"default": "1_000"}, None, ""),
        ("number", {"default": "٣"}, None, ""),
        ("number", {"default": "9" * 1000}, None, ""),
        ("number", {"default": float("nan")}, None, ""),
        ("number", {"default": 2}, 0, "0"),
        ("number", {"default": 10**5000}, None, ""),
        ("text-input", {}, "d" * 20_001, ""),
        ("json_object", {}, {"a": "d" * 20_001}, ""),
        ("checkbox", {"default": "false"}, None, ""),
        ("checkbox", {"default": "on"}, None, "true"),
        ("checkbox", {"default": 1}, None, "true"),
        ("checkbox", {"default": True}, False, ""),
        ("select", {"default": "Other", "options": ["Big"]}, None, ""),
        ("select", {"default": "", "options": ["Big"]}, "Big", "Big"),
        ("json_object", {"default": '{"a":1}'}, None, '{"a":1}'),
        ("file", {"default": "https://example.org/a"}, {"type": "image"}, ""),
    ],
)
def test_what_stands_in_an_input_at_first(kind: str, told: dict[str, Any], given: Any, default: str) -> None:
    assert field(kind, told, given).default == default


@pytest.mark.parametrize(
    ("told", "accept"),
    [
        ({}, ""),
        ({"allowed_file_types": None, "allowed_file_extensions": None}, ""),
        ({"allowed_file_types": ["image", "video"]}, "image/*,video/*"),
        ({"allowed_file_types": ["custom"]}, ""),
        ({"allowed_file_types": ["custom"], "allowed_file_extensions": [".Zip", "zip"]}, ".zip"),
        ({"allowed_file_types": ["image"], "allowed_file_extensions": ["zip"]}, "image/*"),
        ({"allowed_file_types": ["image", "evil/*"]}, "image/*"),
        (
            {"allowed_file_types": ["document"]},
            (
                ".csv,.doc,.docx,.eml,.epub,.htm,.html,.markdown,.md,.mdx,.msg,.pdf,.ppt,.pptx,.properties,.txt,.vtt,"
                ".xls,.xlsx,.xml"
            ),
        ),
    ],
)
def test_a_browser_offers_the_files_that_the_app_takes(told: dict[str, Any], accept: str) -> None:
    assert field("file", told).accept == accept


@pytest.mark.parametrize(
    ("methods", "by_url", "by_upload"),
    [
        (None, True, True),
        (["local_file"], False, True),
        (["remote_url"], True, False),
        (["remote_url", "local_file"], True, True),
    ],
)
def test_a_file_comes_as_the_app_takes_it(methods: Any, *, by_url: bool, by_upload: bool) -> None:
    found = field("file", {"allowed_file_upload_methods": methods})

    assert (found.by_url, found.by_upload) == (by_url, by_upload)


def test_what_no_form_can_show_is_left_out() -> None:
    found = read(
        {"external_data_tool": {"variable": "weather", "label": "Weather"}},
        {"mystery": {"variable": "a", "label": "A"}},
        {"text-input": {"label": "Without a name"}},
        {"text-input": {"variable": 5, "label": "A number's name"}},
        {"text-input": {"variable": 'a"b', "label": "A quotation mark"}},
        {"text-input": {"variable": "a\r\nb", "label": "Two lines"}},
        {"text-input": {"variable": "x" * 101, "label": "Too long"}},
        {"text-input": {"variable": "twice", "label": ""}},
        {"paragraph": {"variable": "twice", "label": "The second of its name"}},
        {"text-input": None, "number": {"variable": "two", "label": "<b>Two</b>"}},
        None,
        "text-input",
        ["text-input"],
    )

    assert found.fields == (
        Field(kind=Kind.TEXT, name="twice", label="twice"),
        Field(kind=Kind.NUMBER, name="two", label="<b>Two</b>"),
    )


def test_an_input_is_hidden_unless_it_has_to_be_filled_in() -> None:
    found = read(
        {"text-input": {"variable": "free", "hide": True}},
        {"text-input": {"variable": "needed", "hide": True, "required": True}},
        {"text-input": {"variable": "filled", "hide": True, "required": True, "default": "in"}},
        {"text-input": {"variable": "owned", "hide": True, "required": True}},
        given={"owned": "yes"},
    )

    assert [one.name for one in found.fields if one.hidden] == ["free", "filled", "owned"]


def test_nobody_has_to_fill_in_what_the_owner_has_given_and_no_form_shows() -> None:
    found = read(
        {"file": {"variable": "photo", "required": True}},
        {"paragraph": {"variable": "story", "required": True}},
        {"text-input": {"variable": "name", "required": True}},
        given={"photo": {"type": "image"}, "story": "d" * 20_001, "name": "Daisy"},
    )

    assert [(one.name, one.required, one.given) for one in found.fields] == [
        ("photo", False, True),
        ("story", False, True),
        ("name", True, True),
    ]


CHATTY: tuple[dict[str, Any], ...] = (
    {"opening_statement": "Quack!"},
    {"suggested_questions": ["Why?"]},
    {"suggested_questions_after_answer": {"enabled": True}},
    {"speech_to_text": {"enabled": True}},
    {"annotation_reply": {"enabled": True}},
)
PLAIN: tuple[dict[str, Any], ...] = (
    {},
    {"opening_statement": " ", "suggested_questions": ["", None]},
    {"opening_statement": None, "suggested_questions": None, "speech_to_text": None},
    {"speech_to_text": {"enabled": False}, "text_to_speech": {"enabled": True}},
)


@pytest.mark.parametrize(
    ("interface", "parameters", "asking"),
    [
        *((Interface.ANY, one, Asking.CHAT) for one in CHATTY),
        *((Interface.ANY, one, Asking.EITHER) for one in PLAIN),
        *((Interface.CHAT, one, Asking.CHAT) for one in (*CHATTY, *PLAIN)),
        *((Interface.WORKFLOW, one, Asking.RUN) for one in (*CHATTY, *PLAIN)),
        (Interface.COMPLETION, {}, Asking.RUN),
    ],
)
def test_a_page_asks_for_what_the_app_takes(interface: Interface, parameters: dict[str, Any], asking: Asking) -> None:
    assert declared.read(parameters, interface=interface, keyed=False).asking == asking


def test_an_opening_statement_names_what_stands_in_the_inputs() -> None:
    found = read(
        {"text-input": {"variable": "name", "label": "Your name"}},
        {"select": {"variable": "pond", "label": "Pond", "options": ["Big"], "default": "Big"}},
        opening_statement=" Hello {{name}}, at {{ pond }}, {{nobody}} and {{}}. ",
    )

    assert found.opening == "Hello ‹Your name›, at Big, {{nobody}} and {{}}."


def test_suggested_questions_are_shown_once() -> None:
    assert read(suggested_questions=["Why?", " ", "How?", "Why? ", None, 3]).suggested == ("Why?", "How?")


def test_files_beside_the_inputs_are_for_an_app_with_a_key() -> None:
    upload = {"enabled": True, "allowed_file_types": ["image"], "number_limits": 2}
    beside = Field(kind=Kind.FILES, name="", label="", most=2, accept="image/*", by_url=True)

    for keyed, found in ((True, beside), (False, None)):
        assert declared.read({"file_upload": upload}, interface=Interface.CHAT, keyed=keyed).beside == found
    off = {"file_upload": {**upload, "enabled": False}}
    assert declared.read(off, interface=Interface.CHAT, keyed=True).beside is None


NEEDY = read(
    {"text-input": {"variable": "name", "required": True, "default": "Daisy"}},
    {"text-input": {"variable": "owned", "required": True}},
    {"number": {"variable": "eggs", "required": True}},
    {"checkbox": {"variable": "swims", "required": True}},
    {"file": {"variable": "photo", "required": True}},
    {"paragraph": {"variable": "story"}},
    given={"owned": "yes"},
)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        # Dify takes its own default for nothing that is required
        ({}, ("name", "eggs", "swims", "photo")),
        (
            {"name": " ", "owned": "", "eggs": "", "swims": None, "photo": []},
            ("name", "owned", "eggs", "swims", "photo"),
        ),
        ({"name": "D", "eggs": 0, "swims": False, "photo": {"url": "https://example.org"}}, ()),
    ],
)
def test_what_is_required_is_missing_until_it_is_there(values: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert NEEDY.missing(values, "") == missing


def test_a_chat_misses_its_question() -> None:
    chat = Declared(asking=Asking.CHAT, fields=NEEDY.fields[:1])

    assert chat.missing({}, " ") == ("name", "query")
    assert chat.missing({}, "Why?") == ("name",)
    assert chat.missing({}, " ", going_on=True) == ("query",)
    assert Declared(asking=Asking.EITHER).missing({}, "") == ()


def test_blanks_without_end_in_an_opening_statement_take_no_time() -> None:
    opening = "{{" + " " * 19_000 + "name" + " " * 900  # whoever tries each way to part the blanks takes minutes
    assert read({"text-input": {"variable": "name"}}, opening_statement=f"{opening}.").opening == f"{opening}."


def test_much_is_cut_to_what_a_page_can_hold() -> None:
    long = "d" * 1_000_000
    found = read(
        {"select": {"variable": "pond", "label": "L" * 10_000, "options": [str(one) for one in range(10_000)]}},
        {"select": {"variable": "other", "options": ["x" * 501, "y" * 500]}},
        *({"text-input": {"variable": f"v{one}", "default": long}} for one in range(10_000)),
        opening_statement="{{v1}}" * 100_000,
        suggested_questions=[f"{one}?" for one in range(10_000)],
    )

    pond, other, first = found.fields[:3]
    assert (len(found.fields), len(pond.options), len(pond.label)) == (100, 500, 200)
    assert other.options == ("y" * 500,)
    assert (first.default, len(found.opening), len(found.suggested)) == ("", len("‹v1›") * 3333 + 2, 20)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    *("required", "label", "hint", "description", "hide", "default", "max_length", "options"),
    *("allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods"),
)
ODD_FIELD = st.fixed_dictionaries({"variable": st.just("a") | ANYTHING}, optional=dict.fromkeys(NAMES, ANYTHING))
ODD = st.fixed_dictionaries(
    {},
    optional={
        "user_input_form": ANYTHING
        | st.lists(st.dictionaries(st.sampled_from([*Kind]), ODD_FIELD | ANYTHING, max_size=2), max_size=4),
        "opening_statement": ANYTHING,
        "suggested_questions": ANYTHING,
        "file_upload": ANYTHING,
        "speech_to_text": ANYTHING,
    },
)


@given(ODD, st.dictionaries(st.just("a"), ANYTHING))
def test_no_parameters_break_the_form(parameters: dict[str, Any], given: dict[str, Any]) -> None:
    found = declared.read(parameters, interface=Interface.ANY, keyed=True, given=given)

    for text in (found.opening, *found.suggested, *(part for one in found.fields for part in (one.label, one.hint))):
        text.encode()
    for one in found.fields:
        "".join((one.name, one.default, one.accept, *one.options)).encode()


@pytest.mark.parametrize("text", ["{{" + " " * 19_000, "{{ a" + " " * 19_000 + "}", "{{" * 9_000])
def test_an_opening_statement_whose_braces_never_close_is_read_once(text: str) -> None:
    assert read(opening_statement=f"{text}.").opening == f"{text}."
