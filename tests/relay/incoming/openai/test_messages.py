"""Messages: what is asked, what came before, the files; and of each bad one the sentence and the parameter."""

import tracemalloc
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Reference, Upload
from relay.errors import InvalidParam, PayloadTooLarge, RelayError
from relay.incoming.openai import messages
from relay.incoming.openai.messages import LONGEST, TOO_MANY, Conversation, Message

PNG = b"\x89PNG\r\n\x1a\n"
PNG_URL = f"data:image/png;base64,{b64encode(PNG).decode()}"
WAV = b"RIFF\x00\x00\x00\x00WAVE"
HI = {"role": "user", "content": "hi"}
BYE = {"role": "assistant", "content": "bye"}


def asked(*parts: Any) -> Conversation:
    return messages.read([{"role": "user", "content": list(parts)}])


def user(text: str) -> Message:
    return Message(role="user", text=text)


def test_the_users_last_messages_are_asked_and_all_others_came_before() -> None:
    conversation = messages.read(
        [
            {"role": "system", "content": "Be a duck."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "two"},
            {"role": "user", "content": "three"},
        ]
    )
    assert conversation == Conversation(
        before=(
            Message(role="system", text="Be a duck."),
            user("one"),
            Message(role="assistant", text="1"),
        ),
        asked=(user("two"), user("three")),
    )
    assert (conversation.system, conversation.query, conversation.files) == ("Be a duck.", "two\n\nthree", ())


def test_every_role_may_stand_in_a_history() -> None:
    roles = ["developer", "system", "user", "assistant", "tool", "function"]
    conversation = messages.read([*({"role": role, "content": role} for role in roles), HI])
    assert [one.role for one in conversation.before] == roles
    assert conversation.system == "developer\n\nsystem"


def test_a_reminder_behind_the_question_belongs_to_the_system() -> None:
    conversation = messages.read([HI, {"role": "system", "content": "Be short."}])
    assert (conversation.query, conversation.system) == ("hi", "Be short.")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, ""),
        ({"role": "assistant", "tool_calls": []}, ""),
        ({"role": "tool", "content": None, "tool_call_id": "1"}, ""),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, "No."),
        ({"role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]}, "Yes."),
        ({"role": "assistant", "content": "bye", "reasoning_content": "hm", "name": "duck"}, "bye"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}]}, "a\nb"),
    ],
    ids=["no content", "none sent", "tool without", "refusal", "Responses' text", "what is ignored", "two texts"],
)
def test_the_text_of_a_message(message: dict[str, Any], text: str) -> None:
    [first, *_] = messages.read([message, BYE, HI]).before
    assert first.text == text


@pytest.mark.parametrize(
    ("part", "file"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "high"}},
            Reference(type="image", url="https://a.example/b.png"),
        ),
        (
            {"type": "image_url", "image_url": {"url": PNG_URL}},
            Upload(type="image", mimetype="image/png", content=PNG, filename="", name=""),
        ),
        (
            {"type": "input_image", "image_url": "https://a.example/b"},
            Reference(type="image", url="https://a.example/b"),
        ),
        ({"type": "input_image", "file_id": "file-1"}, Reference(id="file-1")),
        (
            {"type": "input_audio", "input_audio": {"data": b64encode(WAV).decode(), "format": "wav"}},
            Upload(filename="audio.wav", mimetype="audio/wav", content=WAV, name=""),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": b64encode(WAV).decode(), "format": "../x"}},
            Upload(filename="", mimetype="", content=WAV, name=""),
        ),
        (
            {"type": "file", "file": {"file_data": b64encode(b"a,b").decode(), "filename": "a.csv"}},
            Upload(filename="a.csv", mimetype="", content=b"a,b", name=""),
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/csv;base64,YSxi", "filename": "a.csv"}},
            Upload(filename="a.csv", mimetype="text/csv", content=b"a,b", name=""),
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, Reference(id="file-1")),
        ({"type": "input_file", "file_id": "file-1"}, Reference(id="file-1")),
        ({"type": "input_file", "file_url": "https://a.example/a.pdf"}, Reference(url="https://a.example/a.pdf")),
        (
            {"type": "input_file", "file_data": b64encode(b"a").decode(), "filename": "a.txt"},
            Upload(filename="a.txt", mimetype="", content=b"a", name=""),
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_the_files_of_what_is_asked(part: dict[str, Any], file: Upload | Reference) -> None:
    assert asked({"type": "text", "text": "what is it"}, part).files == (file,)


def test_of_files_without_a_word_is_asked_what_they_are() -> None:
    image = {"type": "image_url", "image_url": {"url": PNG_URL}}
    assert asked(image, image).query == "[image]\n[image]"
    assert messages.read([{"role": "user", "content": [image]}, HI]).query == "hi"
    assert messages.read([HI, {"role": "user", "content": []}]).query == "hi"


def test_files_of_the_past_are_told_apart_but_not_read() -> None:
    images = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
        for url in ("data:junk", "data:other", "data:junk")
    ]
    one, other, again = (messages.read([image, BYE, HI]).before[0] for image in images)
    assert one == again
    assert one.digest != other.digest
    assert (one.told, one.files) == ("[image]", ())


def test_a_large_file_takes_its_size_once_while_it_is_read() -> None:
    sent = [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "A" * 2_000_000}}]}, BYE, HI]
    tracemalloc.start()
    try:
        messages.read(sent)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3_000_000


ROLES = "messages[0].role must be one of assistant, developer, function, system, tool, user."
KINDS = "text, input_text, output_text, refusal, image_url, input_image, input_audio, file, input_file"
URLS = "files: a file's URL begins with https://, http:// or data:."


@pytest.mark.parametrize(
    ("sent", "param", "told"),
    [
        (None, "messages", "messages must be a list with at least one message."),
        ([], "messages", "messages must be a list with at least one message."),
        ({"role": "user"}, "messages", "messages must be a list with at least one message."),
        ("hi", "messages", "messages must be a list with at least one message."),
        (["hi"], "messages[0]", "messages[0] must be an object with role and content."),
        ([HI, None], "messages[1]", "messages[1] must be an object with role and content."),
        ([{"content": "hi"}], "messages[0].role", ROLES),
        ([{"role": "duck", "content": "hi"}], "messages[0].role", ROLES),
        ([{"role": ["user"], "content": "hi"}], "messages[0].role", ROLES),
        ([{"role": "user"}], "messages[0].content", "messages[0].content must be a text or a list of parts."),
        (
            [{"role": "user", "content": 7}],
            "messages[0].content",
            "messages[0].content must be a text or a list of parts.",
        ),
        (
            [{"role": "system", "content": None}, HI],
            "messages[0].content",
            "messages[0].content must be a text or a list of parts.",
        ),
        (
            [{"role": "user", "content": ["hi"]}],
            "messages[0].content[0]",
            "messages[0].content[0] must be an object with a type.",
        ),
        (
            [{"role": "user", "content": [{"text": "hi"}]}],
            "messages[0].content[0].type",
            f"messages[0].content[0].type must be one of {KINDS}.",
        ),
        (
            [{"role": "user", "content": [{"type": {"a": 1}, "text": "hi"}]}],
            "messages[0].content[0].type",
            f"messages[0].content[0].type must be one of {KINDS}.",
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": None}]}],
            "messages[0].content[0].text",
            "messages[0].content[0].text must be a text.",
        ),
        ([{"role": "user", "content": ""}], "messages[0].content", "The last message is empty."),
        ([HI, BYE, {"role": "user", "content": " \n"}], "messages[2].content", "The last message is empty."),
        ([HI, BYE], "messages", "The last message must be the user's: an app answers, and goes on with nothing."),
        (
            [{"role": "system", "content": "hi"}],
            "messages",
            "The last message must be the user's: an app answers, and goes on with nothing.",
        ),
        (
            [HI, {"role": "tool", "content": "1"}],
            "messages",
            "The last message must be the user's: an app answers, and goes on with nothing.",
        ),
        (
            [HI] * TOO_MANY,
            "messages",
            f"There are {TOO_MANY} messages: send fewer than {TOO_MANY}.",
        ),
        (
            [{"role": "user", "content": "x" * LONGEST}, BYE, HI],
            "messages",
            f"The messages are too long: together they may have {LONGEST} bytes.",
        ),
    ],
)
def test_a_bad_list_of_messages_is_refused(sent: Any, param: str, told: str) -> None:
    with pytest.raises(InvalidParam) as refused:
        messages.read(sent)
    assert (refused.value.param, refused.value.message) == (param, told)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"type": "image_url"}, "image_url must be a text."),
        ({"type": "image_url", "image_url": {"url": 7}}, "image_url must be a text."),
        ({"type": "image_url", "image_url": {"url": "b.png"}}, URLS),
        ({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}, URLS),
        ({"type": "image_url", "image_url": {"url": "ftp://a.example/b.png"}}, URLS),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png"}},
            "files: a data: URL has a comma before its content.",
        ),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}, "files holds an empty file."),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,§§"}},
            "files holds a file that is not base64.",
        ),
        ({"type": "input_image", "file_id": {}}, "image_url must be a text."),
        ({"type": "input_audio", "input_audio": "x"}, "input_audio.data must be a text."),
        ({"type": "input_audio", "input_audio": {"format": "wav"}}, "input_audio.data must be a text."),
        (
            {"type": "input_audio", "input_audio": {"data": "§", "format": "wav"}},
            "files holds a file that is not base64.",
        ),
        ({"type": "file", "file": {}}, "file_data must be a text."),
        ({"type": "file", "file": {"file_id": 7}}, "file_id must be a text."),
        ({"type": "file", "file": {"file_data": "="}}, "files holds an empty file."),
        ({"type": "input_file", "file_url": ["https://a.example"]}, "file_url must be a text."),
    ],
)
def test_a_bad_file_is_refused(part: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParam) as refused:
        asked({"type": "text", "text": "what is it"}, part)
    assert (refused.value.param, refused.value.message) == ("messages[0].content[1]", told)


def test_a_data_url_with_too_many_escapes_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge) as refused:
        asked({"type": "image_url", "image_url": {"url": "data:,%41" + "%41" * 50_000}})
    assert refused.value.param == "messages[0].content[0]"


texts = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "image_url", "url", "file", "file_id", "input_audio"]), inner
        )
        | st.fixed_dictionaries(
            {"type": st.sampled_from([*messages.TEXTS, *messages.FILES])},
            optional={"text": inner, "image_url": inner, "file": inner, "input_audio": inner, "file_data": inner},
        )
    ),
    max_leaves=8,
)
lists = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from([*messages.ROLES]) | values, "content": texts | values}),
    max_size=4,
)


@given(lists)
def test_whatever_comes_is_read_or_refused(sent: list[Any]) -> None:
    try:
        conversation = messages.read(sent)
    except RelayError as error:
        param = error.param
    else:
        param = "messages"
        assert conversation.query.strip()
        assert len(conversation.before) + len(conversation.asked) == len(sent)
    assert param
    assert param.startswith("messages")
