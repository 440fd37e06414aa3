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
    expect(page.locator("h1")).to_have_text("Why?")
    wait = page.locator("[slot=wait]")
    grown: list[int] = []
    while wait.is_visible():
        grown.append(page.locator("[slot=steps]").count())
    assert grown == sorted(grown)
    assert {1, 2, 3} <= {*grown}  # each for 700 ms
    expect(wait).to_be_hidden()
    expect(page.locator("[slot=steps]")).to_have_count(4)
    expect(page.locator("[slot=answer]")).to_have_text([f"part {n} " for n in range(4)])


def test_a_step_shows_its_state(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/workflow/workflow-1-0"))
    mark = page.locator("#step0").evaluate("node => getComputedStyle(node, '::after').content")
    assert mark.startswith('" ✓')


def test_the_text_of_all_pieces_flows_as_one_between_steps_and_results(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/workflow-2-0"))
    first, second = (page.locator("[slot=answer]").nth(n).bounding_box() for n in (0, 1))
    step = page.locator("[slot=steps]").last.bounding_box()
    results = page.locator("[slot=results]").bounding_box()
    assert first
    assert second
    assert step
    assert results
    assert first["y"] == second["y"]
    assert step["y"] < first["y"] < results["y"]


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
    expect(page.get_by_role("alert")).to_contain_text("A key is needed")


def test_an_error_midway_stands_on_the_page(page: Page, base_url: str) -> None:
    page.goto(address(base_url, "/duck/broken-2", query="hi"))
    expect(page.get_by_role("alert")).to_contain_text("quota exceeded <b>x</b>")


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
