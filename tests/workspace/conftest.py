from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace.storage import Database
from workspace.testing import Workspace

DUCK = Path(__file__).parent.parent / "fixtures" / "duck"


@pytest.fixture(scope="session")
def duck_workspace() -> Iterator[Workspace]:
    """Return a workspace with the documentation's Duck installed in it."""
    with Workspace(plugin=DUCK) as workspace:
        yield workspace


@pytest.fixture(scope="session", params=["local", "remote", "serverless"])
def any_runtime(request: pytest.FixtureRequest, duck_workspace: Workspace) -> Iterator[Workspace]:
    """Return the same in each runtime."""
    if request.param == "local":
        yield duck_workspace
        return
    with Workspace(plugin=DUCK, runtime=request.param) as workspace:
        yield workspace


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(None)
    yield database
    database.close()
