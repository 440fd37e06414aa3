"""Markdown in the dialect of a sender, block by block."""

from collections.abc import Callable, Mapping, Sequence

from relay.texts.inline import inline
from relay.texts.parse import LARGEST, Node, blocks
from relay.texts.split import split
from relay.texts.style import Flush, Lines, Style
from relay.texts.table import aligned

RULE = "———"


def render(markdown: str, style: Style) -> str:
    """Give a text in a dialect. A large one is parsed in pieces; what is too entangled stands as it was written."""
    markdown = markdown.replace("\r\n", "\n").replace("\r", "\n")
    given = (_piece(piece, style) for piece in split(markdown, LARGEST))
    return "\n\n".join(piece for piece in given if piece)


def words(node: Node) -> str:
    """Give the text of a block without marks, on one line."""
    text = "".join(_word(token.type, token.content) for token in node.token.children or ())
    return " ".join((text + " ".join(map(words, node.children))).split())


def _word(kind: str, content: str) -> str:
    return " " if kind.endswith("break") else content


def _piece(markdown: str, style: Style) -> str:
    tree = blocks(markdown)
    if tree is None:
        return style.paragraph(style.escape(markdown))
    return "\n".join(_lines(tree, style, 0)).strip("\n")


def _lines(nodes: Sequence[Node], style: Style, quoted: int, between: Sequence[str] = ("",)) -> Lines:
    made: Lines = []
    for node in nodes:
        lines = BLOCKS.get(node.token.type, _others)(node, style, quoted)
        if lines:
            made += [*between, *lines] if made else lines
    return made


def _others(node: Node, style: Style, quoted: int) -> Lines:
    return _lines(node.children, style, quoted)


def _paragraph(node: Node, style: Style, _: int) -> Lines:
    shown = "".join(inline(child.token.children or (), style) for child in node.children)
    return style.paragraph(shown).split("\n") if shown.strip() else []


def _heading(node: Node, style: Style, _: int) -> Lines:
    level = int(node.token.tag[1:])
    signed = level <= style.headings
    shown = "".join(inline(child.token.children or (), style, bold=not signed) for child in node.children)
    if not shown.strip():
        return []
    return [f"{'#' * level} {' '.join(shown.split('\n'))}"] if signed else shown.split("\n")


def _code(node: Node, style: Style, _: int) -> Lines:
    code = node.token.content.rstrip("\n")
    language = node.token.info.split(maxsplit=1)[0] if node.token.info.strip() else ""
    return style.block(code, language) if code.strip() else []


def _quote(node: Node, style: Style, quoted: int) -> Lines:
    lines = _lines(node.children, style, quoted + 1)
    return style.quote(lines, quoted) if lines else []


def _list(node: Node, style: Style, quoted: int) -> Lines:
    first = node.token.attrs.get("start", 1) if node.token.type == "ordered_list_open" else None
    made: Lines = []
    for at, item in enumerate(node.children):
        marker = style.bullet if first is None else f"{int(first) + at}. "
        lines = _lines(item.children, style, quoted, between=()) or [""]
        if isinstance(lines[0], Flush):
            lines = ["", *lines]
        made.append(f"{marker}{lines[0]}".rstrip())
        made += [line if isinstance(line, Flush) else " " * len(marker) + line for line in lines[1:]]
    return made


def _rule(_: Node, __: Style, ___: int) -> Lines:
    return [RULE]


def _table(node: Node, style: Style, _: int) -> Lines:
    rows = [[words(cell) for cell in row.children] for part in node.children for row in part.children]
    return style.table(aligned(rows))


BLOCKS: Mapping[str, Callable[[Node, Style, int], Lines]] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "fence": _code,
    "code_block": _code,
    "blockquote_open": _quote,
    "bullet_list_open": _list,
    "ordered_list_open": _list,
    "hr": _rule,
    "table_open": _table,
}
