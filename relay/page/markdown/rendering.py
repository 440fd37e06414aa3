"""How markdown-it is set up, and what becomes of its tokens: no HTML of others, no style, no link that may harm."""

import re
from collections.abc import Sequence
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.common.utils import escapeHtml, mdTrim
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from relay.page.markdown.code import Colours
from relay.page.markdown.links import leads, shown
from relay.texts.url import LONGEST

DEEPEST = 20  # levels; a list is two. What is deeper the parser leaves out
MOST_CELLS = 4_000  # of one block: the parser fills up a row that lacks some
# what may be done for one answer, in tokens: one takes about 5 µs to make and to write, so all of them half a second
MOST_STEPS = 80_000
A_BLOCK, A_BRACKET, A_PICTURE = 10, 4, 20  # tokens that take as long
TOP, LOWEST = 3, 6  # of the headings of an answer: the page's own stand above
TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
MARKS = {" ": "☐ "}
DONE = "☑ "
OUT = ' rel="noopener nofollow noreferrer" target="_blank"'
# a line without these is the same in Markdown and in HTML, escaped
SPECIAL = re.compile(r"[\\`*_~\[<&\n]")


class Renderer(RendererHTML):
    """Writes tokens as HTML. The environment is an Answer's."""

    def fence(self, tokens: Sequence[Token], idx: int, _: OptionsDict, env: EnvType) -> str:
        return f"{env['colours'].html(tokens[idx].content, tokens[idx].info)}\n"

    def code_block(self, tokens: Sequence[Token], idx: int, _: OptionsDict, env: EnvType) -> str:
        return f"{env['colours'].html(tokens[idx].content, '')}\n"

    def heading_open(self, tokens: Sequence[Token], idx: int, _: OptionsDict, env: EnvType) -> str:
        """Write a heading at most one level below the one before it: the outline of a page has no holes."""
        level = min(int(tokens[idx].tag[1:]) + TOP - 1, env["level"] + 1, LOWEST)
        if _empty(tokens[idx + 1]):
            return ""
        env["level"] = level
        return f"<h{level}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, _: OptionsDict, env: EnvType) -> str:
        return "" if _empty(tokens[idx - 1]) else f"</h{env['level']}>\n"

    def table_open(self, *_: object) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<{'td' if _empty(tokens[idx + 1]) else 'th'}{_aligned(tokens[idx])}>"

    def th_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"</{'td' if _empty(tokens[idx - 1]) else 'th'}>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<td{_aligned(tokens[idx])}>"

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Write a link, and where it leads if nothing else would be read."""
        target = str(tokens[idx].attrs["href"])
        env["linked"] = True
        words = self._words(tokens, idx, options, env)
        return f"{_anchor(target)}{'' if words else escapeHtml(target)}"

    def link_close(self, _: Sequence[Token], __: int, ___: OptionsDict, env: EnvType) -> str:
        env["linked"] = False
        return "</a>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        target = str(token.attrs["src"])
        words = " ".join(self.renderInlineAsText(token.children, options, env).split())
        if shown(target, env["image_hosts"]):
            return (
                f'<img src="{escapeHtml(target)}" alt="{escapeHtml(words)}" loading="lazy"'
                ' referrerpolicy="no-referrer">'
            )
        words = escapeHtml(words or target)
        return words if env["linked"] else f"{_anchor(target)}{words}</a>"

    def _words(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> bool:
        """Tell whether something can be read between here and the link's end."""
        for token in tokens[idx + 1 :]:
            if token.type == "link_close":
                break
            if token.type == "image":
                told = self.renderInlineAsText(token.children, options, env).strip()
                if told or not shown(str(token.attrs["src"]), env["image_hosts"]):
                    return True
            elif token.content.strip():
                return True
        return False


def _anchor(target: str) -> str:
    mail = target[:7].lower() == "mailto:"
    return f'<a href="{escapeHtml(target)}"{"" if mail else OUT}>'


def _empty(inline: Token) -> bool:
    return not inline.content.strip()


def _aligned(token: Token) -> str:
    """Give a cell's class: a style would be refused by the page's policy."""
    style = token.attrs.get("style")
    return f' class="{str(style).removeprefix("text-align:")}"' if style else ""


def _crowded(text: str) -> bool:
    """Tell whether its tables may have too many cells."""
    if "|" not in text:
        return False
    rows = text.split("\n")
    return len(rows) * (1 + max(row.count("|") for row in rows)) > MOST_CELLS


def _tasks(state: StateCore) -> None:
    """Give the items of a task list marks of text, which are read aloud and stay when the page is saved."""
    tokens = state.tokens
    for position, token in enumerate(tokens):
        if token.type == "list_item_open" and tokens[position + 1].type == "paragraph_open":
            inline = tokens[position + 2]
            if found := TASK.match(inline.content):
                inline.content = MARKS.get(found[1], DONE) + inline.content[found.end() :]
                token.attrSet("class", "task")


def _normalized(target: str) -> str:
    """Give a URL as it goes into the page; "" for one that no link may have, which is not worth the work."""
    return normalizeLink(target) if len(target) <= LONGEST else ""


def _parser() -> MarkdownIt:
    # a line's end is a break, as in Dify's own chat
    options = {"maxNesting": DEEPEST, "html": False, "breaks": True, "xhtmlOut": False}
    made = MarkdownIt("commonmark", options, renderer_cls=Renderer).enable(["table", "strikethrough"])
    made.disable(["html_block", "html_inline"])
    made.core.ruler.after("block", "tasks", _tasks)
    made.validateLink = leads  # type: ignore[method-assign,assignment]
    made.normalizeLink = _normalized  # type: ignore[method-assign,assignment]
    made.parse("*a*")  # it compiles its rules at the first text, on whichever thread
    return made


MARKDOWN = _parser()
RENDERER = cast("Renderer", MARKDOWN.renderer)


class Rendering:
    """Renders the blocks of one answer: what is defined in one holds in those after it."""

    def __init__(self, image_hosts: Sequence[str] = ()) -> None:
        self.colours = Colours()
        self._steps = MOST_STEPS
        self._env: EnvType = {
            "image_hosts": tuple(image_hosts),
            "colours": self.colours,
            "level": TOP - 1,
            "linked": False,
        }

    def paragraph(self, text: str) -> str | None:
        """Render lines that are a paragraph and nothing else; None as `markdown` does."""
        line = mdTrim(text)
        return self.markdown(text) if SPECIAL.search(line) else f"<p>{escapeHtml(line)}</p>\n"

    def markdown(self, text: str) -> str | None:
        """Render whole blocks; None if they are too entangled, or the answer was, and they stay as they are."""
        self._steps -= A_BLOCK + A_BRACKET * text.count("[") + A_PICTURE * text.count("![")
        self._steps -= sum(map(text.count, "*_~"))
        if self._steps < 0 or _crowded(text):
            return None
        tokens = MARKDOWN.parse(text, self._env)
        self._steps -= sum(1 + len(token.children or ()) for token in tokens)
        if any(token.level > DEEPEST - 3 for token in tokens):
            return None
        return str(RENDERER.render(tokens, MARKDOWN.options, self._env))


def open_fence(text: str) -> int | None:
    """Tell which line of a text opens a fence, outside of all lists and quotes, that is still open at its end."""
    tokens: list[Token] = []
    MARKDOWN.block.parse(f"{text}x", MARKDOWN, {}, tokens)
    last = next((token for token in reversed(tokens) if token.level == 0), None)
    if last is None or last.type != "fence" or last.map is None or last.map[1] <= text.count("\n"):
        return None
    return last.map[0]
