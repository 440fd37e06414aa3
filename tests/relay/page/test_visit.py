"""What a request's head says of a browser, and where a sign-in may lead."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Interface
from relay.incoming.settings import Settings
from relay.page import visit
from relay.page.visit import destination, place
from tests.requests import get, received, request

KEY = "quack-quack"


@pytest.mark.parametrize(
    ("interface", "app_id", "query", "expected"),
    [
        (Interface.ANY, "app", "", "duck/app"),
        (Interface.ANY, "", "", "duck"),
        (Interface.CHAT, "a b/c", "", ""),
        (Interface.CHAT, "a b", "", "chat/a%20b"),
        (Interface.WORKFLOW, "应用", "query=hi", "workflow/%E5%BA%94%E7%94%A8?query=hi"),
        (Interface.COMPLETION, "app", f"key={KEY}&query=a%26b&duck.signed=1", "completion/app?query=a%26b"),
        (Interface.ANY, "app", f"city=Paris&city=Rome&key={KEY}", "duck/app?city=Paris&city=Rome"),
        (Interface.ANY, "app", "query=" + "x" * visit.LONGEST_QUERY, "duck/app"),
        (Interface.ANY, "..", "", ""),
        (Interface.ANY, "\n", "", ""),
    ],
)
def test_a_page_is_named_as_the_deliveries_page_sees_it(
    interface: Interface, app_id: str, query: str, expected: str
) -> None:
    named = place(received(get(query), app_id=app_id, interface=interface))
    assert named == expected
    assert destination(named) == named


@pytest.mark.parametrize(
    "to",
    [
        "",
        None,
        7,
        ["duck/app"],
        "https://evil.example",
        "//evil.example",
        "/duck/app",
        "\\\\evil.example",
        "duck\\app",
        "duck//evil.example",
        "duck/../../evil",
        "duck/..",
        "duck/.",
        "duck/%2e%2e",
        "duck/%2E%2E",
        "duck/%2E%2E%2Fx",
        "duck/a%5Cb",
        "duck/a%0Ab",
        "duck/a%0",
        "duck/a%zz",
        "duck/a/b",
        "duck/app#x",
        "duck/app?query=a b",
        "duck/app?query=<script>",
        "duck/app?query=a\r\nSet-Cookie:x=y",
        "duck/app\r\nLocation: https://evil.example",
        "duck/app\n",
        " duck/app",
        "duck:app",
        "javascript:alert(1)",
        "duck@evil.example/",
        "duck.evil.example/",
        "deliveries",
        "duck/app?key=quack",
        "duck/app?%6Bey=quack",
        "duck/app?a=b&key",
        "duck/app?duck.signed=1",
        "duck/app?duck%2Etoken=1",
        "duck/" + "x" * 700,
        "duck/app?" + "x" * (visit.LONGEST_QUERY + 1),
        "duck/ａpp",
    ],
    ids=repr,
)
def test_nothing_but_a_page_of_ours_is_gone_to(to: object) -> None:
    assert destination(to) == ""


@given(st.text() | st.text("duck/chat?.%2Ee:\\ \n=&key", max_size=40))
def test_whatever_is_gone_to_stays_below_this_hook(to: str) -> None:
    found = destination(to)
    assert found in {"", to}
    if found:
        path = found.partition("?")[0].split("/")
        assert path[0] in {"duck", "chat", "workflow", "completion"}
        assert len(path) <= 2
        assert not {":", "\\", "\r", "\n"} & {*found}
        assert not any(name == "key" or name.startswith("duck.") for name, _ in visit.arguments(found))


@pytest.mark.parametrize(
    ("method", "headers", "navigates"),
    [
        ("GET", {"Sec-Fetch-Mode": "navigate"}, True),
        ("HEAD", {"Sec-Fetch-Mode": "navigate"}, True),
        ("POST", {"Sec-Fetch-Mode": "navigate"}, False),
        ("GET", {"Accept": "Text/HTML;q=0.5, */*"}, True),
        ("GET", {"Accept": "*/*"}, False),
        ("GET", {"Accept": "text/event-stream"}, False),
        ("GET", {}, False),
        ("GET", {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}, False),
        ("GET", {"Accept": "text/html", "Sec-Fetch-Mode": "no-cors"}, False),
        ("GET", {"Accept": "x" * visit.LONGEST_ACCEPT + "text/html"}, False),
    ],
)
def test_a_navigation_is_what_a_browser_says_it_is(method: str, headers: Mapping[str, str], navigates: bool) -> None:
    assert visit.is_navigation(received(request(method=method, headers=dict(headers)))) is navigates


@pytest.mark.parametrize(
    ("site", "ours"),
    [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False), ("x", False), ("", False)],
)
def test_only_what_a_browser_calls_ours_is_ours(site: str, ours: bool) -> None:
    assert visit.is_ours(received(get(headers={"Sec-Fetch-Site": site} if site else {}))) is ours


def test_a_page_looks_as_the_owner_and_the_reader_want_it() -> None:
    settings = Settings.read({"title": "Pond", "accent": "#0b6e4f", "image_hosts": "b.example, a.example"})
    shown = visit.view(received(get(headers={"Accept-Language": "ja,en;q=0.5"}), app_id="app"), settings)
    assert (shown.title, shown.accent, shown.language, shown.depth) == ("Pond", "#0b6e4f", "ja", 1)
    assert shown.image_hosts == ("a.example", "b.example")
    assert visit.view(received(get()), settings).depth == 0
