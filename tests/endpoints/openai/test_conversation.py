"""A conversation goes on by itself: which requests go on in a conversation of Dify, and which begin a new one."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import Calls, Chat, Make, hear, say, text, user
from workspace.testing import Workspace

DEMO = "demo-chat"  # tells which turn it is, at a model's pace
PARROT = "parrot"
TURN_2 = "This is turn 2 of our conversation; last time you said “a”."


def asked(runs: Calls, made: openai.OpenAI) -> list[tuple[str, bool]]:
    """Give each run's query, and whether it went on in a conversation."""
    return [(call["query"], bool(call["conversation_id"])) for call in runs(made)]


@pytest.mark.parametrize("how", [Chat.say, Chat.hear], ids=["whole", "streamed"])
@pytest.mark.parametrize("system", ["", "Be a duck."], ids=["", "with a system message"])
def test_each_turn_goes_on_with_the_last_message_alone(client: Make, runs: Calls, how: Any, system: str) -> None:
    made = client()
    chat = Chat(made, DEMO, system)
    how(chat, "a")
    assert "This is turn 2" in how(chat, "b")
    assert "This is turn 3 of our conversation; last time you said “b”." in how(chat, "c")
    first = f"{system}\n\na" if system else "a"
    assert asked(runs, made) == [(first, False), ("b", True), ("c", True)]


def test_one_conversation_may_be_asked_whole_and_streamed_and_by_name(client: Make, runs: Calls) -> None:
    made = client(allowed_apps=f"gpt-duck={PARROT}")
    chat = Chat(made, "gpt-duck")
    chat.say("a")
    chat.hear("b")
    chat.model = PARROT
    chat.say("c")
    assert asked(runs, made) == [("a", False), ("b", True), ("c", True)]


def test_how_a_client_keeps_a_text_makes_no_difference(client: Make, runs: Calls) -> None:
    made = client()
    answer = say(made, "agent-2-0", "what is it")
    shown = f'<details type="reasoning" done="true">\n<summary>Thought</summary>\n> hm\n</details>\n{answer}  \n'
    past = {"role": "assistant", "content": [{"type": "text", "text": shown}], "name": "duck"}
    say(made, "agent-2-0", user([{"type": "text", "text": " what  is\r\nit "}]), past, "go on")
    assert asked(runs, made) == [("what is it", False), ("go on", True)]


def test_an_edited_history_begins_anew_with_all_of_it_as_text(client: Make, runs: Calls) -> None:
    made = client()
    chat = Chat(made, PARROT)
    chat.say("a")
    chat.say("b")
    chat.messages[0] = user("edited")
    chat.say("c")
    assert asked(runs, made)[-1] == (
        "The conversation so far:\n\nUser: edited\n\nAssistant: " + chat.messages[1]["content"] + "\n\nUser: b"
        "\n\nAssistant: " + chat.messages[3]["content"] + "\n\nThe next message of the user:\n\nc",
        False,
    )  # fmt: skip
    chat.say("d")
    assert asked(runs, made)[-1] == ("d", True)


def test_another_system_message_begins_anew(client: Make, runs: Calls) -> None:
    made = client()
    chat = Chat(made, PARROT, "Be a duck.")
    chat.say("a")
    chat.messages[0] = {"role": "system", "content": "Be a goose."}
    chat.say("b")
    assert [known for _, known in asked(runs, made)] == [False, False]


def test_an_answer_that_is_asked_for_once_more_begins_anew(client: Make, runs: Calls) -> None:
    made = client()
    chat = Chat(made, PARROT)
    for question in ("a", "b"):
        chat.say(question)
    chat.messages = chat.messages[:2]
    chat.say("b")
    assert [known for _, known in asked(runs, made)] == [False, True, False]
    chat.say("c")
    assert asked(runs, made)[-1] == ("c", True)


def test_who_names_a_user_is_known_by_the_last_three_exchanges(client: Make, runs: Calls) -> None:
    made = client()
    for fields, known in (({"user": "bob"}, True), ({}, False)):
        chat = Chat(made, PARROT, **fields)
        for question in ("a", "b", "c", "d"):
            chat.say(question)
        chat.messages = chat.messages[-6:]
        chat.say("e")
        assert asked(runs, made)[-1][1] is known


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"user": "bob"}, {"user": "eve"}),
        ({"user": "bob"}, {}),
        ({}, {"user": "bob"}),
    ],
    ids=["another user", "no user any more", "a user now"],
)
def test_nobody_goes_on_with_anothers_conversation(
    client: Make, runs: Calls, first: dict[str, str], then: dict[str, str]
) -> None:
    made = client()
    chat = Chat(made, PARROT, **first)
    chat.say("a")
    chat.fields = then
    chat.say("b")
    assert [known for _, known in asked(runs, made)] == [False, False]


def test_another_app_or_endpoint_knows_nothing(client: Make, runs: Calls) -> None:
    made, other = client(), client()
    chat = Chat(made, PARROT)
    chat.say("a")
    chat.model = "echo"
    chat.say("b")
    assert [known for _, known in asked(runs, made)] == [False, False]
    again = Chat(made, PARROT)
    again.say("a")
    again.made = other
    again.say("b")
    assert asked(runs, other)[0][1] is False


def test_a_history_that_was_made_up_finds_nothing(client: Make, runs: Calls) -> None:
    made = client()
    say(made, PARROT, "a")
    say(made, PARROT, "a", {"role": "assistant", "content": "You said a."}, "b")
    assert [known for _, known in asked(runs, made)] == [False, False]


def test_of_several_who_go_on_at_once_one_does(client: Make, runs: Calls) -> None:
    made = client()
    chat = Chat(made, "parrot-100")
    chat.say("a")
    with ThreadPoolExecutor(5) as callers:
        answers = list(callers.map(lambda _: say(made, "parrot-100", *chat.messages, "b"), range(5)))
    assert min(map(len, answers)) == len("b")
    assert sorted(known for _, known in asked(runs, made)) == [False] * 5 + [True]


def test_an_entry_survives_a_run_that_failed(workspace: Workspace, runs: Calls) -> None:
    settings = {"api_key": KEY}
    url = workspace.endpoint(settings=settings)
    hook = url.rsplit("/", 1)[1]
    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as made:
        chat = Chat(made, "parrot-200")
        chat.say("a")
        workspace.endpoint(hook=hook, settings=settings, faults={"invocation_limit_s": 0.1})
        with pytest.raises(openai.InternalServerError):
            say(made, chat.model, *chat.messages, "b")
        workspace.endpoint(hook=hook, settings=settings)
        assert chat.say("b") == "b"
        assert [known for _, known in asked(runs, made)] == [False, True, True]


def test_a_conversation_that_dify_has_forgotten_begins_anew(client: Make, runs: Calls, workspace: Workspace) -> None:
    made = client()
    chat = Chat(made, DEMO)
    chat.say("a")
    workspace.forget_conversations()
    assert "The conversation so far:" in chat.say("b")
    assert [known for _, known in asked(runs, made)] == [False, True, False]


def test_below_an_apps_own_address_it_goes_on_too(workspace: Workspace) -> None:
    url = workspace.endpoint(settings={"api_key": KEY})
    with openai.OpenAI(base_url=f"{url}/duck/{DEMO}/v1", api_key=KEY, max_retries=0) as made:
        chat = Chat(made, "gpt-4")
        chat.say("a")
        assert TURN_2 in chat.say("b")


def test_what_was_said_with_an_image_goes_on(client: Make, runs: Calls) -> None:
    made = client()
    picture = {"type": "image_url", "image_url": {"url": "https://pond.example/a.png"}}
    first = user([{"type": "text", "text": "what is it"}, picture])
    app = "chatform-file.picture"
    answer = say(made, app, first)
    past = {"role": "assistant", "content": answer}
    say(made, app, first, past, "and now")
    other = user(
        [{"type": "text", "text": "what is it"}, {**picture, "image_url": {"url": "https://pond.example/b.png"}}]
    )
    say(made, app, other, past, "and now")
    assert [known for _, known in asked(runs, made)] == [False, True, False]


def test_without_storage_every_turn_is_answered(workspace: Workspace) -> None:
    url = workspace.endpoint(settings={"api_key": KEY}, faults={"storage": [{"op": "*"}]})
    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as made:
        chat = Chat(made, PARROT)
        assert chat.say("a") == "a"
        assert chat.say("b").endswith("The next message of the user:\n\nb")
        assert text(hear(made, PARROT, *chat.messages, "c")).endswith("\n\nc")


def test_a_reminder_behind_the_question_leaves_the_conversation_known(client: Make, runs: Calls) -> None:
    made = client()
    short = {"role": "system", "content": "Be short."}
    answer = say(made, PARROT, "a", short)
    say(made, PARROT, "a", short, {"role": "assistant", "content": answer}, "b")
    assert [known for _, known in asked(runs, made)] == [False, True]


def test_whom_a_stranger_names_is_nobody_whose_conversation_could_be_found(client: Make, runs: Calls) -> None:
    public = client(access="public", app="parrot", key="any")
    for _ in range(2):
        say(public, "parrot", "hi", {"role": "assistant", "content": "hi"}, "who am I", user="bob")
    say(public, "parrot", "hi", user="bob")
    say(public, "parrot", "hi", {"role": "assistant", "content": "hi"}, "who am I", user="bob")
    assert [call["conversation_id"] for call in runs(public)] == [""] * 4
