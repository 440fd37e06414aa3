from typing import Any

import pytest

from relay.senders import SCHEMES, Preset
from tests.relay.senders.samples.post import posted


def test_the_answer_is_shown_and_pings_nobody() -> None:
    message = SCHEMES["discord"].message
    assert message
    assert message({}, "@everyone quack" + "k" * 2000) == {
        "type": 4,
        "data": {"content": "@everyone quack" + "k" * 1984 + "…", "allowed_mentions": {"parse": []}},
    }


@pytest.mark.parametrize(("depth", "query"), [(1, "deep"), (3, "deep"), (4, "duck"), (40, "duck")])
def test_options_stand_in_a_command_of_a_group_at_the_deepest(depth: int, query: str) -> None:
    options: list[dict[str, Any]] = [{"name": "prompt", "value": "deep"}]
    for _ in range(depth - 1):
        options = [{"name": "nest", "options": options}]
    read = SCHEMES["discord"].preset(posted({"type": 2, "data": {"custom_id": "duck", "options": options}}))
    assert isinstance(read, Preset)
    assert read.query == query
