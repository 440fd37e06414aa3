import pytest

from tests.relay.run.records import Clock, Process
from tests.relay.storage import Shelf


@pytest.fixture
def one() -> Process:
    return Process(Shelf(), Clock())
