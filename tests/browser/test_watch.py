"""What the other tests watch for is noticed."""

from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.watch import Watch


def test_what_a_page_loads_and_what_its_policy_refuses_is_noticed(browser: Browser, site: Site) -> None:
    policy = '<meta http-equiv="Content-Security-Policy" content="style-src \'none\'">'
    with browser.new_context(java_script_enabled=False) as opened:
        watch = Watch(opened, site.url)
        page = opened.new_page()
        page.goto(site.page(f"{policy}<style>b {{ color: red }}</style><b>x</b><img src={site.url}/x>"))
        expect(page.locator("b")).to_be_visible()
    assert watch.requests == [f"image {site.url}/x"]
    assert len(watch.refused) == 1
