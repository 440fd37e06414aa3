"""What a process keeps of Dify's Service API is kept for one test alone."""

from collections.abc import Iterator

import pytest

from provider.service_api import connections
from provider.service_api.row import TOLD


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What is kept of an app is kept for the process."""
    TOLD._known.clear()
    yield
    connections.CONNECTIONS.close()
