"""What Dify tells of an app is asked for once, and kept within bounds."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from provider.service_api.cache import Kept
from relay.call import Interface
from relay.errors import AppFailed
from tests.provider.by_key import app_at
from tests.provider.played_dify import Asked, played, whole


def test_of_many_that_ask_at_once_the_first_asks_for_all() -> None:
    answering = threading.Event()

    def answer(asked: Asked) -> Iterator[bytes]:
        answering.wait(10)
        yield from whole("200 OK", {"mode": "chat"})(asked)

    with played({"GET /v1/info": answer}) as dify, ThreadPoolExecutor() as threads:
        asking = [threads.submit(app_at(dify.url).interface) for _ in range(4)]
        dify.wait_for("GET /v1/info")
        answering.set()
        assert [one.result(10) for one in asking] == [Interface.CHAT] * 4
    assert dify.lines() == ["GET /v1/info"]


def test_nobody_waits_for_a_question_that_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "PATIENCE", 0.05)
    kept, hangs, answered = Kept[str](), threading.Event(), threading.Event()

    def ask_in_vain() -> Mapping[str, Any]:
        hangs.set()
        answered.wait(10)
        raise AppFailed("The caller is gone.")

    with ThreadPoolExecutor() as threads:
        first = threads.submit(kept.get, "app", ask_in_vain)
        assert hangs.wait(10)
        second = threads.submit(kept.get, "app", lambda: {"mode": "chat"})
        assert second.result(5) == {"mode": "chat"}
        assert not first.done()
        answered.set()
        assert isinstance(first.exception(10), AppFailed)
    assert kept.get("app", dict) == {"mode": "chat"}


def keep(kept: Kept[str], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Ask for all of it, and give what is known then."""
    for key, value in told.items():
        kept.get(key, lambda value=value: value)  # type: ignore[misc]
    return list(kept._known)


def test_what_is_kept_takes_no_more_memory_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "LARGEST", 20_000)
    monkeypatch.setattr(Kept, "WHOLE", 40_000)
    text, objects, small = {"x": 15_000 * "x"}, {"x": [{"a": [number]} for number in range(1000)]}, {"x": 1}
    assert keep(Kept(), {"1": text, "2": small, "3": text}) == ["1", "2", "3"]
    assert keep(Kept(), {"1": text, "2": small, "3": text, "4": text}) == ["2", "3", "4"]
    assert keep(Kept(), {"1": text, "2": objects, "3": {"x": 30_000 * "x"}}) == ["1"]


def test_what_is_known_no_more_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept[str]()
    assert keep(kept, {"1": {"x": 1}, "2": {"x": 2}}) == ["1", "2"]
    monkeypatch.setattr(Kept, "KEEP", 0)
    assert keep(kept, {"3": {"x": 3}}) == ["3"]


def test_no_more_is_kept_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "MOST", 2)
    assert keep(Kept(), {"1": {}, "2": {}, "3": {}}) == ["2", "3"]
