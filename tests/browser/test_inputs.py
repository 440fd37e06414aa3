"""The form of an app's inputs: what Dify gets of each kind, and what becomes of what does not fit."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.visits import ended, fill, hook, question, received
from workspace.testing import Workspace

EVERY_KIND = (
    "form-text.city.required.10-paragraph.note-select.size.options+Big+Small.default+Big"
    "-number.days.default+3-checkbox.children-json.more"
)


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def test_dify_gets_each_kind_of_input_as_it_wants_it(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone(EVERY_KIND, "workflow")
    page.goto(address)
    fill(page, {"City": "Paris", "Note": "two\nlines", "Days": "2.5", "More": '{"a": [1, null]}'})
    page.get_by_label("Size").select_option("Small")
    page.get_by_label("Children").check()
    run(page)
    ended(page)
    assert [call["inputs"] for call in received(workspace, address)] == [
        {
            "city": "Paris",
            "note": "two\nlines",
            "size": "Small",
            "days": 2.5,
            "children": True,
            "more": {"a": [1, None]},
        }
    ]


def test_defaults_stand_in_the_form_and_an_empty_field_is_left_out(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone(EVERY_KIND, "workflow")
    page.goto(address)
    expect(page.get_by_label("Size")).to_have_value("Big")
    expect(page.get_by_label("Days")).to_have_value("3")
    expect(page.get_by_label("Children")).not_to_be_checked()
    fill(page, {"City": "Rome"})
    run(page)
    ended(page)
    assert [call["inputs"] for call in received(workspace, address)] == [
        {"city": "Rome", "size": "Big", "days": 3, "children": False}
    ]


def test_the_browser_honours_what_is_required_and_how_long_it_may_be(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone(EVERY_KIND, "workflow")
    page.goto(address)
    run(page)
    city = page.get_by_label("City")
    expect(city).to_be_focused()
    assert city.evaluate("field => field.validity.valueMissing")
    city.press_sequentially("Constantinople")
    expect(city).to_have_value("Constantin")
    assert received(workspace, address) == []


def test_the_relay_honours_them_too_and_keeps_what_was_typed(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone(EVERY_KIND, "workflow")
    page.goto(address)
    fill(page, {"Note": "mine", "Days": "7"})
    page.get_by_label("Size").select_option("Small")
    page.get_by_label("Children").check()
    page.locator("form.ask").evaluate("form => form.noValidate = true")  # a browser that honours nothing
    page.get_by_label("City").evaluate("field => field.removeAttribute('maxlength')")
    fill(page, {"City": "Constantinople", "More": "{no JSON"})
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    city, more = page.get_by_label("City"), page.get_by_label("More")
    expect(city).to_have_accessible_description(
        "required · at most 10 characters That is too long: at most 10 characters."
    )
    expect(more).to_have_accessible_description("as JSON That is not JSON.")
    expect(city).to_have_value("Constantinople")
    expect(page.get_by_label("Note")).to_have_value("mine")
    expect(page.get_by_label("Days")).to_have_value("7")
    expect(page.get_by_label("Size")).to_have_value("Small")
    expect(page.get_by_label("Children")).to_be_checked()
    expect(more).to_have_value("{no JSON")
    assert received(workspace, address) == []
    fill(page, {"City": "Rome", "More": ""})
    run(page)
    ended(page)
    assert [call["inputs"] for call in received(workspace, address)] == [
        {"city": "Rome", "note": "mine", "size": "Small", "days": 7, "children": True}
    ]


def test_files_are_uploaded_and_named_by_address(
    page: Page, workspace: Workspace, everyone: Open, tmp_path: Path
) -> None:
    (photo := tmp_path / "duck.png").write_bytes(b"\x89PNG\r\n\x1a\nquack")
    notes = [tmp_path / name for name in ("eins.txt", "zwei ü.txt")]
    for note in notes:
        note.write_text(note.name)
    app = "form-file.photo.required.image.local_file-files.notes.document.3.local_file-file.link.document.remote_url"
    address = everyone(app, "workflow")
    page.goto(address)
    run(page)
    assert page.get_by_label("Photo").evaluate("field => field.validity.valueMissing")
    page.get_by_label("Photo").set_input_files(photo)
    page.get_by_label("Notes").set_input_files(notes)
    fill(page, {"Link": "https://pond.example/feathers.pdf"})
    run(page)
    ended(page)
    [call] = received(workspace, address)
    inputs = call["inputs"]
    assert (inputs["photo"]["type"], inputs["photo"]["transfer_method"]) == ("image", "tool_file")
    assert [one["transfer_method"] for one in inputs["notes"]] == ["tool_file"] * 2
    assert (inputs["link"]["url"], inputs["link"]["transfer_method"]) == (
        "https://pond.example/feathers.pdf",
        "remote_url",
    )
    uploads = [call["request"] for call in workspace.calls(hook=hook(address)) if call["type"] == "upload_file"]
    assert [one["filename"] for one in uploads] == ["duck.png", "eins.txt", "zwei ü.txt"]


def test_too_many_files_are_told(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("form-text.city.required-files.notes.document.2", "workflow")
    page.goto(address)
    fill(page, {"City": "Rome"})
    page.get_by_label("or addresses of files, one a line").fill(
        "\n".join(f"https://pond.example/{n}.txt" for n in range(3))
    )
    run(page)
    expect(page.get_by_text("Those are too many files: at most 2.")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Rome")
    assert received(workspace, address) == []


def test_a_chats_inputs_are_asked_once_and_go_with_its_first_question(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone("chatform-text.city.required")
    page.goto(address)
    fill(page, {"City": "Paris"})
    for text in ("one", "two"):
        question(page).fill(text)
        page.get_by_role("button", name="Send").click()
        ended(page)
        expect(page.get_by_label("City")).to_have_count(0)
    assert [call["query"] for call in received(workspace, address)] == ["one", "two"]
    assert received(workspace, address)[0]["inputs"] == {"city": "Paris"}


def test_an_address_fills_the_form_in(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("form-text.city.required-text.note", "workflow")
    page.goto(f"{address}?note=by+the+pond")
    expect(page.get_by_label("Note")).to_have_value("by the pond")
    fill(page, {"City": "Rome"})
    run(page)
    ended(page)
    assert [call["inputs"] for call in received(workspace, address)] == [{"city": "Rome", "note": "by the pond"}]


def test_a_workflow_can_be_run_again_with_what_it_was_run_with(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone("form-text.city.required", "workflow")
    page.goto(address)
    fill(page, {"City": "Rome"})
    run(page)
    ended(page)
    page.locator("details.again > summary").click()
    expect(page.get_by_label("City")).to_have_value("Rome")
    fill(page, {"City": "Paris"})
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("[slot=results], [slot=answer]").first).to_contain_text("Paris")
    ended(page)
    assert [call["inputs"] for call in received(workspace, address)] == [{"city": "Rome"}, {"city": "Paris"}]


@pytest.mark.parametrize("kind", ["file", "files"])
def test_a_file_that_must_be_given_in_either_way_is_asked_for(
    page: Page, workspace: Workspace, everyone: Open, kind: str
) -> None:
    address = everyone(f"form-{kind}.photo.required.image", "workflow")
    page.goto(address)
    run(page)
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    assert received(workspace, address) == []
