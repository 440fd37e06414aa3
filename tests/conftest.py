"""What all tests share: which of them begin, and how the examples that Hypothesis makes up are chosen."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.examples import USUAL

# Each HTTP client reads the certificates that it trusts, some hundred, although nothing here leaves this machine: the
# suite has thousands of clients, and with one certificate it takes a minute less.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "fixtures" / "tls" / "localhost.pem")

# no database: what failed here last week would be tried again here and nowhere else
settings.register_profile(
    "fixed",
    max_examples=USUAL,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no defect of a test
)
settings.register_profile(
    "fuzz", settings.get_profile("fixed"), max_examples=20 * USUAL, derandomize=False, print_blob=True
)
settings.load_profile("fixed")  # unless --hypothesis-profile names the other, as `make fuzz` does


# They wait for half a minute and longer: begun last, they would be what all else waits for.
LONGEST = (
    *("test_later.py", "test_stream.py", "test_restart.py", "test_runtimes.py", "test_turns.py"),
    *("test_two_processes.py", "test_own_address.py", "test_conversations.py", "test_lines.py", "test_own.py"),
    *("test_slack.py", "test_runtime.py", "test_faults.py", "test_who_left.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest begin where several processes of pytest-xdist share the modules."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seed = config.getoption("--hypothesis-seed")
    if seed is not None:
        terminalreporter.write_line(f"The same examples once more: make fuzz SEED={seed}")
