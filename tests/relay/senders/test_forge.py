import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.senders import forge

ID = "0123456789abcdef0123456789abcdef"
MARK = f"<!-- duck-relay:{ID} -->"


def test_the_mark_is_a_comment_that_markdown_does_not_show() -> None:
    assert forge.mark(ID) == MARK


@pytest.mark.parametrize(
    "text",
    [f"Quack.\n\n{MARK}", MARK, f"Quack.\r\n\r\n{MARK}\r\n", f"{'q' * 70_000}\n{MARK}", f"```\nopen\n\n{MARK}\n \n"],
)
def test_what_a_relay_wrote_is_known_by_its_last_line(text: str) -> None:
    assert forge.is_marked(text)


@pytest.mark.parametrize(
    "text",
    [
        f"> Quack.\n>\n> {MARK}",
        f"> {MARK}\n\nAnd why?",
        f"{MARK}\n\nAnd why?",
        f"What is {MARK}",
        f"What is `{MARK}`?",
        f"    {MARK}",
        f"```\n{MARK}\n```",
        "<!-- duck-relay:../x -->",
        "<!-- another:1 -->",
        "",
    ],
)
def test_who_quotes_a_relay_is_none(text: str) -> None:
    assert not forge.is_marked(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@duck why?", {"duck"}),
        ("Hey @Duck, and you, @goose_2.", {"duck", "goose_2"}),
        ("(@duck) *@swan*\n@goose-", {"duck", "swan", "goose"}),
        ("ask @first.last...", {"first.last"}),
        ("write to ada@duck.example or see https://forge.example/@duck", set()),
        ("@ducks/pond and @types/node", set()),
        ("`@duck` and ``@goose`` but @swan", {"swan"}),
        ("```\n@duck\n```\n@swan", {"swan"}),
        ("~~~sh\n@duck\n```\n@goose\n~~~\n@swan", {"swan"}),
        ("````\n```\n@duck\n````\n@swan", {"swan"}),
        ("```@duck``` is code, @swan", {"swan"}),
        ("> @duck why?\n\nBecause, @swan.", {"swan"}),
        ("@ duck @@duck", set()),
        ("", set()),
    ],
)
def test_mentions_are_read_outside_of_code_and_quotations(text: str, names: set[str]) -> None:
    assert forge.mentions(text) == names


def test_as_many_mentions_are_read_as_anyone_means() -> None:
    assert len(forge.mentions(" ".join(f"@duck{number}" for number in range(1000)))) == forge.MOST_MENTIONS
    assert forge.mentions("q" * forge.MOST_TEXT + " @duck") == frozenset()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("/close", "\\/close"),
        ("Done.\n/assign @ada", "Done.\n\\/assign @ada"),
        ("Done.\r\n/close\r\n", "Done.\n\\/close\n"),
        ("Done.\n\r/close", "Done.\n\n\\/close"),
        ("/clo\rse", "\\/clo\nse"),
        ("/CLOSE \n/shrug\t", "\\/CLOSE \n\\/shrug\t"),
        ("```\n/close\n```\n/close", "```\n /close\n```\n\\/close"),
        ("/usr/bin/env python", "/usr/bin/env python"),
        ("a /close", "a /close"),
        ("\\/close", "\\/close"),
    ],
)
def test_a_line_that_begins_like_a_command_is_none(text: str, sent: str) -> None:
    assert forge.commandless(text) == sent


PARTS = ("/close", "/label ~x", "```", "~~~", "`", "> ", " ", "\n", "\r", "q")


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_no_line_is_a_command_and_twice_is_as_once(text: str) -> None:
    sent = forge.commandless(text)
    # as GitLab looks for them: in lines, without carriage returns
    assert not re.search(r"^/(close|label)(\s|$)", sent.replace("\r", ""), re.MULTILINE)
    assert forge.commandless(sent) == sent
