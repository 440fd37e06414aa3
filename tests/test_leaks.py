import json
import sys
import traceback
from collections.abc import Callable
from html import escape
from pathlib import Path

import httpx
import pytest

from tests.leaks import leaks


def broken() -> str:
    try:
        raise RuntimeError("the duck fell over")
    except RuntimeError:
        return traceback.format_exc()


@pytest.mark.parametrize("write", [str, json.dumps, escape, lambda text: json.dumps({"message": json.dumps(text)})])
def test_a_traceback_is_found_however_it_is_written(write: Callable[[str], str]) -> None:
    text = write(broken())
    assert {text.count("Traceback"), text.count("File ")} == {1}
    found = leaks(text)
    assert "Traceback (most recent call last):" in found
    assert f"{Path(__file__).parent.parent}/" in found
    assert any(told.startswith("File ") for told in found)


@pytest.mark.parametrize("path", [__file__, httpx.__file__, json.__file__, f"{sys.prefix}/bin/python"])
def test_a_path_of_this_installation_is_found(path: str) -> None:
    assert leaks(f'{{"message":"{path}"}}')


def test_a_secret_is_found_in_the_headers_too() -> None:
    answer = httpx.Response(200, headers={"X-Told": "it is quack-quack"}, text="ok")
    assert leaks(answer, "quack-quack", "another") == ["quack-quack"]


@pytest.mark.parametrize(
    "sent", [".py", "Traceback", "site-packages", "/", 'File "', "line 1", "/usr/lib/x.py", "main.py"]
)
def test_what_a_caller_may_send_is_no_leak(sent: str) -> None:
    assert leaks(json.dumps({"query": sent})) == []
    assert leaks(sent.encode()) == []
