"""The page that asks for the key: its form is that of the deliveries page."""

from enum import Enum

from relay.page import pieces, visit
from relay.page.texts import Texts, in_language
from relay.page.view import View

LED = f"?{visit.LED}=1"  # of the address that the form posts to


class Said(Enum):
    """Why the key is asked for, by the name of what is said of it."""

    FIRST = ""
    WRONG_KEY = "wrong_key"
    NO_KEY = "no_key"  # the endpoint has none
    NO_COOKIE = "no_cookie"  # the browser keeps none: what is posted to this very address lets in without it

    def told(self, texts: Texts) -> str:
        """Give the sentence, "" for none."""
        return str(getattr(texts, self.value)) if self.value else ""


def page(view: View, *, to: str, said: Said = Said.FIRST, cookieless: bool = False, led: bool = False) -> str:
    """Give the page. It posts `key` and `to` to the hook's `deliveries`, `view.depth` folders above this address.

    Where there is no key yet, nothing is asked.
    `led`: another site's page may have led here, and what it asks is not to run because the key is entered.
    A browser that keeps no cookie posts them and `duck.cookieless` to the page's own address.
    """
    texts = in_language(view.language)
    cookieless = cookieless or said is Said.NO_COOKIE
    action = "" if cookieless else f"{'../' * view.depth}deliveries{LED if led else ''}"
    return str(
        pieces.module("sign_in.html").sign_in(
            view, texts, said.told(texts), action, to, cookieless, said is not Said.NO_KEY
        )
    )
