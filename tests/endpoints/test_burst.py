"""Many people who write at the same moment, and hang up: the first thing that a new installation may see.

Every one of these tests has a workspace of its own, for what the daemon counts is there to stay.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.endpoints.conftest import KEY
from tests.endpoints.later import answering
from workspace.testing import Workspace, until

PEOPLE = [f"U{number:032}" for number in range(7000, 7030)]
TURNS = 3  # messages of each, the next one as soon as its sender has hung up or heard of the last one
DEADLINE = 2  # seconds, as LINE's

pytestmark = pytest.mark.alone  # on a busy machine many would hang up before anything of theirs is stored


@pytest.fixture
def new_workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running


def write(workspace: Workspace, people: Sequence[str], turns: int) -> None:
    """Let people write to an endpoint of their own, all at once, and each one message after the other."""
    sender = workspace.sender("line")
    url = workspace.endpoint(settings={"api_key": KEY, **answering(sender, "line", "parrot")})

    def write_as(place: str) -> None:
        for turn in range(turns):
            sender.post(f"{url}/chat", f"{turn} from {place}", place=place, user=place, deadline=DEADLINE)

    with ThreadPoolExecutor(len(people)) as threads:
        list(threads.map(write_as, people))


def all_are_answered(workspace: Workspace, people: Sequence[str]) -> None:
    """Check that each message is answered once, in the order of its conversation."""
    write(workspace, people, TURNS)
    answers = workspace.sender("line").answers
    until(lambda: sum(len(answers(place)) for place in people) >= TURNS * len(people), patience=60)
    expected = {place: [f"{turn} from {place}" for turn in range(TURNS)] for place in people}
    assert {place: answers(place) for place in people} == expected


def test_a_new_installation_is_counted_in_one_row_however_many_write_at_once(new_workspace: Workspace) -> None:
    assert new_workspace.storage_rows() == 0
    all_are_answered(new_workspace, PEOPLE)
    assert new_workspace.storage_rows() == 1


def test_an_old_one_finds_out_that_its_rows_lock_writes_out_and_knows_it_after_a_restart(
    new_workspace: Workspace,
) -> None:
    assert new_workspace.storage_rows(4) == 4
    write(new_workspace, [f"U{number:032}" for number in range(6000, 6012)], 1)
    assert "tenant_storages" in new_workspace.line("several rows")
    new_workspace.restart_plugin()
    all_are_answered(new_workspace, PEOPLE[:12])
