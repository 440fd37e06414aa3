"""`python -m pictures`: make the pictures of the README and of docs/browser.md anew.

Starts a workspace with the plugin in it, uses its demo apps as a person does, in Chromium without JavaScript, and
writes what that shows.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
from playwright.sync_api import Browser, Page, ViewportSize

from pictures.chromium import find, open_chromium
from workspace.testing import Workspace

ROOT = Path(__file__).parent.parent
README = ROOT / "_assets"  # packaged: Dify shows the README with its pictures
DOCS = ROOT / "docs" / "images"

LANGUAGES = {"en": "The pond", "ja": "池の案内所"}
RIGHT_TO_LEFT = """مرحبا بك عند **البركة**.

- البط يسبح في *الصباح*
- ويطير في المساء

| البط | الصوت |
|---|---|
| البري | كواك |

> من يراقب البط طويلا يراقبه البط."""
WIDE = ViewportSize(width=860, height=1000)
PHONE = ViewportSize(width=390, height=844)

BESIDE = """<!doctype html><style>
body {{ margin: 0; padding: 24px; display: flex; gap: 24px; background: #8d8a80; width: max-content }}
img {{ height: 844px; border-radius: 14px; box-shadow: 0 4px 18px #0006 }}
</style>{}"""


def shoot(page: Page, *, whole: bool = False) -> bytes:
    """Take a picture of what is seen, or of the whole page."""
    page.wait_for_load_state("load")
    return page.screenshot(full_page=whole, animations="disabled")


def converse(page: Page, url: str, queries: tuple[str, ...]) -> None:
    """Ask the guide, one question after the other."""
    page.goto(f"{url}/duck/demo-guide?name=Daisy&days=3")
    for query in queries:
        page.locator("textarea[name=query]").last.fill(query)
        page.locator("button.go").last.click()
        page.wait_for_load_state("load")


def beside(browser: Browser, pictures: list[bytes]) -> bytes:
    """Put pictures side by side."""
    images = "".join(f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}" alt="">' for one in pictures)
    page = browser.new_page(viewport=ViewportSize(width=1800, height=900))
    page.set_content(BESIDE.format(images))
    taken = page.locator("body").screenshot()
    page.close()
    return taken


def opened(browser: Browser, **options: Any) -> Page:
    return browser.new_context(java_script_enabled=False, **options).new_page()


def take(browser: Browser, urls: Mapping[str, str]) -> dict[Path, bytes]:
    """Take all pictures, and give each by its file."""
    taken: dict[Path, bytes] = {}
    asked = ("What can we see there?", "How do I count ducks in Python?")
    english = urls["en"]

    page = opened(browser, viewport=WIDE)
    converse(page, english, asked)
    taken[README / "chat.png"] = taken[DOCS / "chat.png"] = shoot(page, whole=True)

    page.set_viewport_size(ViewportSize(width=860, height=400))
    page.goto(f"{english}/duck/demo-report?topic=Ducks+of+our+pond&style=Detailed")
    page.wait_for_load_state("load")
    page.locator("details.all summary").click()
    taken[README / "workflow.png"] = shoot(page, whole=True)

    page.set_viewport_size(WIDE)
    page.goto(f"{english}/duck/demo-guide")
    taken[DOCS / "chat-form.png"] = shoot(page, whole=True)

    dark = opened(browser, viewport=PHONE, color_scheme="dark")
    converse(dark, english, asked)
    japanese = opened(browser, viewport=PHONE, locale="ja-JP")
    japanese.goto(f"{urls['ja']}/duck/demo-guide")
    to_the_left = opened(browser, viewport=PHONE)
    to_the_left.goto(f"{english}/duck/parrot?" + urlencode({"query": RIGHT_TO_LEFT}))
    taken[DOCS / "chat-looks.png"] = beside(browser, [shoot(one) for one in (dark, japanese, to_the_left)])
    return taken


@click.command(help=__doc__)
def main() -> None:
    chromium = find()
    if chromium is None:
        raise click.ClickException("no Chromium is installed: apt-get install chromium, or your system's package")
    with Workspace() as workspace, open_chromium(chromium) as browser:
        urls = {
            language: workspace.endpoint(
                settings={"access": "public", "allowed_apps": "demo-guide, demo-report, parrot", "title": title}
            )
            for language, title in LANGUAGES.items()
        }
        for file, picture in take(browser, urls).items():
            file.write_bytes(picture)
            click.echo(f"{file.relative_to(ROOT)}: {len(picture) // 1024} KiB")


if __name__ == "__main__":
    main()
