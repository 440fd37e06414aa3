"""A browser's own client of server-sent events, for which a page needs a script of its owner's."""

from urllib.parse import urlencode

from playwright.sync_api import Browser

from tests.browser.conftest import KEY
from workspace.testing import Workspace


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
            f"{url}/duck/chat-3-10?{urlencode({'key': KEY, 'query': 'hi', 'format': 'sse'})}",
        )
    assert [kind for _, kind in heard] == ["message", "message", "message", "message_end"]
    ids = [int(event_id) for event_id, _ in heard]
    assert ids == sorted(set(ids))
    # on a busy machine an answer's end may come too late and be lost: then the browser asks for it once more
    assert (sent[0], sent[-1]) == (None, str(ids[-1]))
    hook = url.rpartition("/")[2]
    statuses = [request["status"] for request in workspace.requests() if request["hook"] == hook]
    assert (statuses[0], {*statuses[1:]}) == (204, {200})  # the latest first
    assert len(workspace.calls(hook=url)) == 1
