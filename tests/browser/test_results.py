"""What stands beside an answer's text: outputs of each kind, pictures, sources, thoughts, and who is waited for."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.visits import ask, ended, fill
from workspace.testing import Workspace

JSON = {"Content-Type": "application/json", "Accept": "text/html"}
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def file(name: str, kind: str, url: str) -> dict[str, Any]:
    return {"dify_model_identity": "__dify__file__", "type": kind, "filename": name, "size": 2048, "url": url}


def show(page: Page, address: str, outputs: dict[str, Any]) -> None:
    """Have a workflow end with these outputs."""

    def send(route: Route) -> None:
        route.continue_(method="POST", headers=JSON, post_data=json.dumps({"inputs": outputs}))

    page.route(address, send)
    page.goto(address)
    ended(page)


def test_outputs_are_shown_by_what_they_are(page: Page, everyone: Open) -> None:
    outputs = {
        "text": "Ducks **float**.",
        "ducks": [{"name": "Mallard", "grams": 1100}, {"name": "Eider", "dives": True}],
        "more": "https://pond.example/more",
        "report": file("report.pdf", "document", "https://pond.example/report.pdf"),
        "details": {"a": {"b": [1]}},
    }
    show(page, everyone("mirror"), outputs)
    results = page.locator("[slot=results]")
    expect(results.locator("strong")).to_have_text("float")
    expect(results.locator("table tr").nth(0).locator("th")).to_have_text(["grams", "name", "dives"])
    expect(results.locator("table tr").nth(1).locator("td")).to_have_text(["1100", "Mallard", ""])
    more = results.get_by_role("link", name="https://pond.example/more")
    expect(more).to_have_attribute("rel", "noopener nofollow noreferrer")
    report = results.get_by_role("link", name="report.pdf")
    assert report.get_attribute("download") is not None
    expect(report).to_have_attribute("href", "https://pond.example/report.pdf")
    folded = results.locator("details pre")
    expect(folded).to_be_hidden()
    results.locator("details summary").click()
    expect(folded).to_be_visible()
    assert json.loads(folded.inner_text()) == {"a": {"b": [1]}}


def test_pictures_are_loaded_from_the_owners_hosts_and_are_links_elsewhere(unwatched: Page, everyone: Open) -> None:
    loaded: list[str] = []

    def give(route: Route) -> None:
        loaded.append(route.request.url)
        route.fulfill(body=PIXEL, content_type="image/svg+xml")

    unwatched.route(re.compile("^https:"), give)
    pictures = {
        "ours": file("ours.gif", "image", "https://pictures.example/ours.gif"),
        "other": file("other.gif", "image", "https://evil.example/other.gif"),
        "text": "![a](https://pictures.example/a.gif) ![b](https://evil.example/b.gif)",
    }
    show(unwatched, everyone("mirror", image_hosts="pictures.example"), pictures)
    results = unwatched.locator("[slot=results]")
    expect(results.locator("img")).to_have_count(2)
    for number in range(2):
        expect(results.locator("img").nth(number)).to_have_js_property("naturalWidth", 1)
    assert sorted(loaded) == ["https://pictures.example/a.gif", "https://pictures.example/ours.gif"]
    expect(results.get_by_role("link", name="other.gif")).to_be_visible()


def test_an_agents_thoughts_are_folded_and_its_sources_stand_below(page: Page, everyone: Open) -> None:
    page.goto(everyone("demo-agent"))
    page.get_by_role("button", name="Why do ducks quack?").click()
    ended(page)
    thoughts = page.locator("details.thought")
    expect(thoughts.locator("summary")).to_contain_text(["book_of_birds", "sound_meter"])
    expect(thoughts.locator("pre:visible")).to_have_count(0)
    thoughts.first.locator("summary").click()
    expect(thoughts.first).to_contain_text("I look into the book of birds.")
    expect(thoughts.first).to_contain_text("Mallards quack because")
    sources = page.get_by_role("region", name="Sources")
    expect(sources).to_contain_text("Ducks of Europe.pdf")
    expect(sources.locator("blockquote")).to_be_hidden()


def test_a_run_that_waits_for_a_person_says_so_and_shows_what_is_asked(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    page.goto(everyone("demo-approval", "workflow"))
    fill(page, {"What for": "Bread", "Sum": "12"})
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page)
    notice = page.locator(".notice")
    expect(notice).to_contain_text("A person has to decide first")
    expect(notice.locator("strong", has_text="Bread")).to_be_visible()
    expect(notice).to_contain_text("May it be bought?")


def test_all_of_markdown_is_shown_as_what_it_is(page: Page, everyone: Open) -> None:
    page.goto(everyone("rich"))
    ask(page, "hi")
    ended(page)
    answer = page.locator("#now .answer")
    expect(answer.get_by_role("heading")).to_have_text(["Ducks <b>swim</b> 🦆", "Sources"])
    expect(answer.locator("em")).to_have_text("quack")
    expect(answer.locator("s, del")).to_have_text("never")
    expect(answer.locator("td")).to_have_text(["1", "<2>"])
    expect(answer.locator("blockquote")).to_have_text("quoted")
    code = answer.locator("pre.code code")
    expect(code).to_have_text('print("quack <b> & more")')
    colours = code.locator("span").evaluate_all("all => new Set(all.map(one => getComputedStyle(one).color)).size")
    assert colours > 1


def test_text_stands_between_steps_and_results(page: Page, everyone: Open) -> None:
    page.goto(everyone("workflow-2-0"))
    step, said, results = (page.locator(one).bounding_box() for one in (".all", ".d", ".outputs"))
    assert step
    assert said
    assert results
    assert step["y"] < said["y"] < results["y"]


def test_text_that_the_app_takes_back_is_seen_no_more(page: Page, everyone: Open) -> None:
    page.goto(f"{everyone('replaced')}?query=hi")
    expect(page.locator(".end")).to_have_count(1)
    expect(page.locator("[slot=answer]:visible")).to_have_text(["said instead"])
