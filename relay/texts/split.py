"""A long text in pieces, cut where a reader would: at paragraphs, lines, sentences, words."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

from relay.texts.fence import LINE, Fence, Fences, fences, opened
from relay.texts.measure import Measure, characters

LONGEST_GRAPHEME = 64  # characters: what is longer is cut, or a text of accents alone would never be
MOST_TRIED = 16  # places of one kind in one piece

PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
SENTENCE = re.compile(r"""[.!?]["'”’)\]]{0,4}(?=\s)|[。！？…]["'”’」』）)]{0,4}""")
BLANK = re.compile(r"[^\S\n]+")
EMPTY_LINES = re.compile(r"(?:[^\S\n]*\n)+")
# what would be a fence, a heading, a quote or an item of a list if it stood at the beginning of a piece
BLOCK = re.compile(r"[^\S\n]*(?:`{3}|~{3}|#{1,6}(?:\s|\Z)|>|(?:[-+*]|\d{1,9}[.)])(?:\s|\Z)|[-=|]{2,})")
JOINER = "\u200d"

type Find = Callable[[str, Fences, int, int], int]  # the window, its fences, the least and the most: the cut, or 0


def split(text: str, limit: int, measure: Measure = characters) -> list[str]:
    """Cut Markdown into pieces of at most `limit`, from 20 on. An empty text gives none.

    Joined they are the text but for white space at the cuts, and for fences, which a piece closes and the next opens
    again. A cut depends only on what there is room for and one character more: where a text grows, the pieces before
    the last stay as they are (but where it stops within the line that closes a fence).
    """
    pieces = []
    text = text.rstrip()
    position, fence = _after_lines(text, 0), None
    while position < len(text):
        piece, position, fence = _next(text, position, fence, limit, measure)
        if piece:
            pieces.append(piece)
    return pieces


def _next(
    text: str, position: int, fence: Fence | None, limit: int, measure: Measure
) -> tuple[str, int, Fence | None]:
    """Give a piece ("" for one of blanks alone), where the rest begins, and the fence that is open there."""
    opening = fence.opening if fence else ""
    room = limit - measure(opening)
    end = _most(text, position, room, measure)
    window = text[position : end + 1]
    found = fences(window, fence, limit, measure)
    cut = size = end - position
    if end < len(text):
        cut = _cut(window, found, size)
    while True:
        cut, state = _settled(window, found, cut, limit, measure)
        body = window[:cut]
        piece = f"{opening}{body.rstrip()}{state.closing if state else ''}"
        excess = measure(piece) - limit
        size = min(size, cut) - max(excess, 0)
        if excess <= 0 or size < 1:
            break
        cut = _cut(window, found, size)
    rest, fence = _resume(text, position + cut, state)
    return piece if body.strip() else "", rest, fence


def _settled(window: str, found: Fences, cut: int, limit: int, measure: Measure) -> tuple[int, Fence | None]:
    """Give the cut and the fence that is open there: a line cut before its last backticks may begin to be one."""
    state = found.at(cut)
    begin = window.rfind("\n", 0, cut) + 1
    whole = window.startswith("\n", cut) or state or found.at(begin)
    line = None if whole else LINE.match(window, begin, cut)
    fence = opened(line, limit, measure) if line else None
    if fence and begin > 1:
        return begin - 1, found.at(begin - 1)
    return cut, state or fence


def _most(text: str, position: int, room: int, measure: Measure) -> int:
    """Give the end of as many characters as there is room for, at least one."""
    part = text[position : position + max(room, 1)]
    if measure(part) <= room:
        return position + len(part)
    fitting = bisect_right(range(1, len(part) + 1), room, key=lambda size: measure(part[:size]))
    return position + max(fitting, 1)


def _resume(text: str, cut: int, fence: Fence | None) -> tuple[int, Fence | None]:
    """Tell where the rest begins: without the blanks at the cut, and without the fence that the piece has closed."""
    if fence is None:
        lines = EMPTY_LINES.match(text, cut)
        blanks = None if lines else BLANK.match(text, cut)
        found = lines or blanks
        return (found.end() if found else cut), None
    if not text.startswith("\n", cut):
        return cut, fence
    line = LINE.match(text, cut + 1)
    if line and fence.closing and fence.closed_by(line):
        return _after_lines(text, line.end()), None
    return cut + 1, fence


def _after_lines(text: str, position: int) -> int:
    found = EMPTY_LINES.match(text, position)
    return found.end() if found else position


def _cut(window: str, found: Fences, size: int) -> int:
    """Choose the best place among the first `size` characters: in the last two thirds, or else anywhere."""
    for least in (size // 3, 0):
        for find in (_paragraph, _line, _sentence, _blank):
            cut = find(window, found, least, size)
            if cut:
                return cut
    return _anywhere(window, found, size)


def _paragraph(window: str, found: Fences, least: int, size: int) -> int:
    ends = [match.start() for match in PARAGRAPH.finditer(window, least, size + 1)]
    return next((end for end in reversed(ends) if end and found.at(end) is None), 0)


def _line(window: str, found: Fences, least: int, size: int) -> int:
    end = window.rfind("\n", max(least, 1), size + 1)
    # a fence goes with what it opens
    end = max(found.heads[end] - 1, 0) if end in found.heads else end
    return end if end > least else 0


def _sentence(window: str, _: Fences, least: int, size: int) -> int:
    ends = [match.end() for match in SENTENCE.finditer(window, least, min(size + 1, len(window)))]
    return _best(window, [end for end in ends[-MOST_TRIED:] if end <= size])


def _blank(window: str, _: Fences, least: int, size: int) -> int:
    ends: list[int] = []
    end = size + 1
    while len(ends) < MOST_TRIED:
        end = max(window.rfind(blank, max(least, 1), end) for blank in " \t\u3000")
        if end < 0:
            break
        ends.append(end)
    return _best(window, ends[::-1])


def _best(window: str, ends: list[int]) -> int:
    """Give the last place after which nothing would turn into a block of its own."""
    return next((end for end in reversed(ends) if end and not BLOCK.match(window, end)), 0)


def _anywhere(window: str, found: Fences, size: int) -> int:
    """Cut behind as many characters as there is room for, but not within what is seen as one."""
    within = next((start for end, start in found.marks.items() if start < size < end), 0)
    if within:
        return within
    for cut in range(size, max(size - LONGEST_GRAPHEME, 0), -1):
        if not _joined(window, cut):
            return cut
    return size


def _joined(window: str, cut: int) -> bool:
    """Tell whether two characters are seen as one: accents, emoji of several, flags, halves of a surrogate pair."""
    if cut >= len(window):
        return False
    before, after = window[cut - 1], window[cut]
    if JOINER in {before, after} or unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # tones of skin, tags
        return True
    if _regional(before) and _regional(after):
        run = next((n for n in range(cut) if not _regional(window[cut - 1 - n])), cut)
        return run % 2 == 1
    return "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
