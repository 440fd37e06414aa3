import pytest

from relay.page.markdown import Flow, render
from tests.markup import Element
from tests.relay.page.hostile import PAYLOADS
from tests.relay.page.markdown.document import read, strange

HOSTS = ("pictures.example",)
AROUND = [
    "{}",
    "before {} after",
    "# {}",
    "- {}",
    "> {}",
    "| a |\n|---|\n| {} |",
    "**{}**",
    "[{}](https://x.example)",
    "a\n\n{}",
]
payloads = pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))


def flowed(text: str, size: int) -> str:
    flow = Flow(HOSTS)
    written = [flow.add(text[start : start + size]) for start in range(0, len(text), size)]
    return "".join([*written, flow.pause(), flow.replace(text), flow.end()])


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


@payloads
def test_what_would_do_harm_is_text(payload: str) -> None:
    for around in AROUND:
        text = around.replace("{}", payload)
        for html in (render(text, HOSTS), render(text, HOSTS, 0), flowed(text, 3), flowed(text, 1_000)):
            root = read(html)
            assert strange(root) == []
            assert [one.attributes["src"] for one in root.walk() if one.tag == "img" and not _ours(one)] == []


def _ours(picture: Element) -> bool:
    return str(picture.attributes["src"]).startswith("https://pictures.example/")


def test_a_hostile_name_of_a_language_reaches_no_attribute() -> None:
    root = read(render('```"onclick=x class=y\ncode\n```'))
    assert [(one.tag, one.attributes) for one in root.walk()] == [
        ("pre", {"class": "code", "tabindex": "0"}),
        ("code", {}),
    ]
