"""A browser, played by httpx: what it says of itself, and what a person does with it."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.endpoints.conftest import KEY

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

ACCEPT = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}
NAVIGATE = {**ACCEPT, "Sec-Fetch-Mode": "navigate"}
TYPED = {**NAVIGATE, "Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}
LINKED = {**NAVIGATE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
INSIDE = {**NAVIGATE, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
FRAMED = {**NAVIGATE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
IN_FRAME = {**NAVIGATE, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
PAGE = {"duck.page": "1"}
PUBLIC: Mapping[str, Any] = {"access": "public", "api_key": None, "key": None}


def browse(client: httpx.Client, path: str, headers: Mapping[str, str] = TYPED, **params: str) -> httpx.Response:
    return client.get(path, params=params or None, headers=headers)


def post(
    client: httpx.Client, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = INSIDE
) -> httpx.Response:
    return client.post(path, files={name: (None, text) for name, text in fields.items()}, headers=headers)


def sign_in(
    client: httpx.Client, to: str = "", headers: Mapping[str, str] = INSIDE, key: str = KEY
) -> httpx.Response:
    return client.post("/deliveries", data={"key": key, "to": to}, headers=headers)


def went(answer: httpx.Response) -> str:
    """Give where a redirect leads, as an address below the hook's."""
    target = answer.request.url.join(answer.headers["location"])
    hook = answer.request.url.path.split("/")[2]
    assert (target.host, target.port) == (answer.request.url.host, answer.request.url.port)
    return target.raw_path.decode().removeprefix(f"/e/{hook}")


def asks_key(answer: httpx.Response) -> bool:
    return answer.status_code == 401 and 'name="key"' in answer.text and 'type="password"' in answer.text


def asks_app(answer: httpx.Response) -> bool:
    return asks_app_text(answer.text)


def asks_app_text(page: str) -> bool:
    return 'name="duck.page" value="1"' in page and 'enctype="multipart/form-data"' in page


STOPS = {**PAGE, "duck.stop": ""}
