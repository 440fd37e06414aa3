"""Many people who write at the same moment, and hang up: the first thing that a new installation may see.

Every one of these tests has a workspace of its own, for what the daemon counts is there to stay.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.endpoints.conftest import KEY
from tests.endpoints.later import answering
from workspace.testing import Workspace, until

PEOPLE = [f"U{number:032}" for number in range(7000, 7012)]
TURNS = 3  # messages of each, the next one as soon as its sender has hung up or heard of the last one


@pytest.fixture
def new_workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running


def write_all(workspace: Workspace) -> None:
    """Let everyone write, and check that each message is answered once, in the order of its conversation."""
    sender = workspace.sender("line")
    url = workspace.endpoint(settings={"api_key": KEY, **answering(sender, "line", "parrot")})

    def write(place: str) -> None:
        for turn in range(TURNS):
            sender.post(f"{url}/chat", f"{turn} from {place}", place=place, user=place, deadline=1)

    with ThreadPoolExecutor(len(PEOPLE)) as people:
        list(people.map(write, PEOPLE))
    until(lambda: len(sender.answers()) >= TURNS * len(PEOPLE), patience=60)
    expected = {place: [f"{turn} from {place}" for turn in range(TURNS)] for place in PEOPLE}
    assert {place: sender.answers(place) for place in PEOPLE} == expected


def test_a_new_installation_is_counted_in_one_row_however_many_write_at_once(new_workspace: Workspace) -> None:
    assert new_workspace.storage_rows() == 0
    write_all(new_workspace)
    assert new_workspace.storage_rows() == 1


def test_an_old_one_whose_rows_lock_each_other_out_answers_everyone_too(new_workspace: Workspace) -> None:
    assert new_workspace.storage_rows(4) == 4
    write_all(new_workspace)
    assert new_workspace.line("tenant_storages", "one after the other")
