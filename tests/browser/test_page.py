from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from workspace.testing import Workspace

pytestmark = pytest.mark.alone

KEY = "quack-quack"


@pytest.fixture(scope="session")
def base_url(workspace: Workspace) -> str:
    return workspace.endpoint(settings={"api_key": KEY, "cors_origins": "*"})


def address(base_url: str, path: str, **fields: str) -> str:
    return f"{base_url}{path}?{urlencode({'key': KEY, **fields})}"


def test_the_page_grows_while_the_app_answers(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/workflow-4-700", query="Why?"), wait_until="commit")
    expect(page.locator("#now h2")).to_have_text("Why?")
    wait, end = page.locator(".wait"), page.locator(".end")
    expect(wait).to_be_visible()
    grown: list[str] = []
    while end.count() == 0:
        said = page.locator(".r").all_inner_texts()
        grown += ["".join(said)] if "".join(said) != "".join(grown[-1:]) else []
    assert {"part 0 ", "part 0 part 1 "} <= {*grown}  # each for 700 ms
    expect(wait).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    expect(page.locator(".r:visible")).to_have_count(0)
    expect(page.locator(".d:visible")).to_have_text("part 0 part 1 part 2 part 3")


def test_steps_are_shown_one_list_at_a_time_and_folded_at_the_end(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/workflow-3-500"), wait_until="commit")
    expect(page.locator(".now:visible")).to_have_count(1)
    expect(page.locator(".end")).to_have_count(1)
    expect(page.locator(".now:visible")).to_have_count(0)
    expect(page.locator(".all li:visible")).to_have_count(0)
    page.locator(".all summary").click()
    expect(page.locator(".all li:visible")).to_have_text([f"Step {n} llm 0.1 s ✓ done" for n in range(3)])


def test_text_stands_between_steps_and_results(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/workflow-2-0"))
    step, said, results = (page.locator(one).bounding_box() for one in (".all", ".d", ".outputs"))
    assert step
    assert said
    assert results
    assert step["y"] < said["y"] < results["y"]


def test_text_that_the_app_takes_back_is_seen_no_more(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/replaced", query="hi"))
    expect(page.locator(".end")).to_have_count(1)
    expect(page.locator("[slot=answer]:visible")).to_have_text(["said instead"])


def test_an_app_cannot_bring_in_markup_or_script(browser: Browser, base_url: str) -> None:
    with browser.new_context() as context:  # with JavaScript, so that a script that got in would run
        page = context.new_page()
        dialogs: list[str] = []

        def close(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", close)
        for form in ("html", "events"):
            page.goto(address(base_url, "/duck/xss", query="<img src=x onerror=alert(2)>", format=form))
            assert page.locator("script, img").count() == 0
            assert "<script>alert(1)</script>" in page.locator("body").inner_text()
        assert dialogs == []


def test_an_error_is_a_page_that_can_be_read(page: Page, base_url: str) -> None:
    answer = page.goto(f"{base_url}/duck/chat-1-0?query=hi")
    assert answer
    assert answer.status == 401
    expect(page.get_by_role("heading", name="This page needs a key")).to_be_visible()


def test_an_error_midway_stands_on_the_page(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/broken-2", query="hi"))
    expect(page.get_by_role("alert")).to_contain_text("quota exceeded <b>x</b>")
    expect(page.get_by_role("textbox")).to_have_value("hi")


def test_an_event_source_that_stays_open_hears_each_event_once_and_runs_the_app_once(
    browser: Browser, workspace: Workspace
) -> None:
    url = workspace.endpoint(settings={"api_key": KEY, "cors_origins": "*"})
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(workspace.url.replace("127.0.0.1", "localhost") + "/workspace/plugin")  # another origin
        sent: list[str | None] = []  # the Last-Event-ID of each request
        page.on("request", lambda request: sent.append(request.all_headers().get("last-event-id")))
        heard = page.evaluate(
            """url => new Promise(done => {
                const heard = [];
                let opened = 0;
                const source = new EventSource(url);
                const end = () => setTimeout(() => { source.close(); done(heard); }, 4000);  // a reconnect takes 3 s
                source.onopen = () => { if (++opened === 3) end(); };  // so it came back twice
                source.onerror = () => { if (source.readyState === EventSource.CLOSED) end(); };  // it stays away
                source.onmessage = message => heard.push([message.lastEventId, JSON.parse(message.data).event]);
            })""",
            address(url, "/duck/chat-3-10", query="hi", format="sse"),
        )
    assert [kind for _, kind in heard] == ["message", "message", "message", "message_end"]
    ids = [int(event_id) for event_id, _ in heard]
    assert ids == sorted(set(ids))
    assert sent == [None, str(ids[-1])]
    hook = url.rpartition("/")[2]
    assert [request["status"] for request in workspace.requests() if request["hook"] == hook] == [204, 200]
    assert len(workspace.calls(hook=url)) == 1
