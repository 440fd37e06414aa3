import logging

import pytest

from relay.errors import AppFailed, Unauthorized
from relay.log import Line, unforeseen

DIARY = "what only the caller may know"


def line(**known: object) -> Line:
    return Line(**{"request_id": "r1", "method": "POST", "route": "/chat", "started": 10.0, **known})  # type: ignore[arg-type]


def test_one_line_says_what_a_request_cost() -> None:
    made = line(app="a", status=200, events=3, deliveries=["d1"], key=2)
    made.sent(b"1234")
    made.sent(b"56")
    assert made.text(10.25) == ("r1: POST /chat app=a status=200 ms=250 events=3 chunks=2 bytes=6 delivery=d1 key=2")


def test_it_is_written_once(caplog: pytest.LogCaptureFixture) -> None:
    made = line()
    with caplog.at_level(logging.INFO, "duck_relay"):
        made.write(10)
        made.write(11)
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_what_the_caller_is_not_told_stands_in_it_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    made = line()
    error = AppFailed("told")
    error.__cause__ = Exception("Incorrect API key provided: sk-abcdefghijklmnopqrstuvwx at /app/api/x.py")
    made.failed(error)
    made.failed(Unauthorized("The signature is wrong.", reason="no x-signature header"))
    with caplog.at_level(logging.INFO, "duck_relay"):
        made.write(10)
    told = caplog.messages[0]
    assert "502 app_failed: Incorrect API key provided: [secret] at [path]; 401 unauthorized: no x-signature" in told
    assert "abcdefgh" not in told
    assert caplog.records[0].levelname == "WARNING"


def test_nobody_can_write_a_line_of_the_log() -> None:
    made = line(app="x\nr2: POST /chat app=y")
    made.failed(AppFailed("one\r\ntwo\u2028three\x1b[2J"))
    assert len(made.text(10).splitlines()) == 1
    assert "\x1b" not in made.text(10)


def test_an_unforeseen_error_is_logged_with_its_frames_and_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def inner() -> None:
        raise KeyError(DIARY)

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise RuntimeError(DIARY) from error

    with caplog.at_level(logging.ERROR, "duck_relay"):
        try:
            outer()
        except RuntimeError as error:
            unforeseen("r1", error)
    told = caplog.messages[0]
    assert told.startswith("r1: unforeseen: builtins.RuntimeError")
    assert "in outer" in told
    assert "in inner" in told
    assert "builtins.KeyError" in told
    assert DIARY not in told
