"""The pieces of which pages are written: templates that escape all that is put into them."""

from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from relay.page import earlier, style, turns
from relay.page.markdown import render

LONGEST_ICON = 16  # characters
BALLOON = "\N{SPEECH BALLOON}"


@cache
def templates(*more: str) -> Environment:
    """Give the environment of our templates, and of those in the folder `templates` of further packages."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in ("relay.page", *more)]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # a plugin's files do not change while it runs
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        accent_sheet=style.of_accent,
        tab_icon=_tab_icon,
        dump_turns=turns.dump,
        markdown=render,
        rendered=earlier.rendered,
    )
    environment.globals.update(sheet=lambda: style.SHEET)
    return environment


def _tab_icon(icon: str) -> str:
    """Give what stands in the picture of a browser's tab, as a part of an address: the app's icon, else a balloon."""
    return quote(str(escape(icon[:LONGEST_ICON] or BALLOON)), safe="", errors="replace")


@cache
def module(name: str) -> Any:
    """Give the macros of one of our templates, each as a function that gives a piece.

    To be called where a piece is written: a plugin starts without compiling what it may never show.
    """
    return templates().get_template(name).module
