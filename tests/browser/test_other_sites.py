"""Another site leads a signed-in reader to the relay: nothing runs until they press its button themselves."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.visits import ended, enter_key, question, received, seen
from workspace.testing import Workspace


@pytest.fixture
def address(page: Page, with_key: Open) -> str:
    """An app's page, for which the reader has entered the key in this browser."""
    made = with_key("parrot")
    page.goto(made)
    enter_key(page)
    expect(question(page)).to_be_editable()
    return made


def test_a_link_shows_the_question_and_the_reader_sends_it(
    page: Page, workspace: Workspace, site: Site, address: str
) -> None:
    page.goto(site.page(f'<a href="{address}?query=transfer+all">Look!</a>'))
    page.get_by_role("link", name="Look!").click()
    expect(page.get_by_text("Nothing has run yet.")).to_be_visible()
    expect(question(page)).to_have_value("transfer all")
    assert received(workspace, address) == []
    page.get_by_role("button", name="Send").click()
    ended(page)
    assert seen(page) == "transfer all"


def test_a_link_to_a_workflow_that_needs_nothing_runs_nothing(
    page: Page, workspace: Workspace, site: Site, address: str
) -> None:
    other = address.replace("parrot", "workflow-1-0")
    page.goto(site.page(f'<a href="{other}">Look!</a>'))
    page.get_by_role("link", name="Look!").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert received(workspace, address) == []


@pytest.mark.parametrize("fields", [{"duck.page": "1"}, {}], ids=["as ours", "as a program's"])
@pytest.mark.parametrize("encoding", ["multipart/form-data", "application/x-www-form-urlencoded", "text/plain"])
def test_a_form_of_another_site_runs_nothing(
    page: Page, workspace: Workspace, site: Site, address: str, fields: dict[str, str], encoding: str
) -> None:
    hidden = "".join(f'<input name="{name}" value="{value}">' for name, value in {**fields, "query": "hi"}.items())
    page.goto(
        site.page(f'<form method="post" enctype="{encoding}" action="{address}">{hidden}<button>Win</button></form>')
    )
    page.get_by_role("button", name="Win").click()
    expect(page).to_have_url(address)
    expect(question(page)).to_have_count(0)
    assert received(workspace, address) == []


def test_another_site_signs_nobody_out(page: Page, site: Site, address: str) -> None:
    deliveries = address.replace("duck/parrot", "deliveries")
    page.goto(
        site.page(f'<form method="post" action="{deliveries}"><button name="do" value="sign-out">Win</button></form>')
    )
    page.get_by_role("button", name="Win").click()
    expect(page).to_have_url(deliveries)
    page.goto(address)
    expect(question(page)).to_be_editable()


def test_what_another_site_says_was_said_is_not_shown(
    page: Page, workspace: Workspace, site: Site, everyone: Open
) -> None:
    address = everyone("parrot")
    turns = "{&quot;dropped&quot;: 0, &quot;turns&quot;: [[&quot;Who are you?&quot;, &quot;Your bank&quot;]]}"
    page.goto(
        site.page(
            f'<form method="post" enctype="multipart/form-data" action="{address}"><input name="duck.page" value="1">'
            f'<input name="query" value="hi"><input name="duck.turns" value="{turns}"><button>Win</button></form>'
        )
    )
    page.get_by_role("button", name="Win").click()
    ended(page)
    expect(page.get_by_text("Your bank")).to_have_count(0)
    expect(page.locator("main h2")).to_have_text(["hi"])
