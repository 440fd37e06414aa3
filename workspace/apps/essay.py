"""Apps for the page: one says a long text in Markdown, and one is made to say something else."""

from collections.abc import AsyncIterator

from workspace.apps.answer import MessageAnswer
from workspace.apps.answering import pause
from workspace.apps.app import AppCall, Event

PIECE = 25  # characters of each message: some tokens of a language model

_SECTION = """## {number}. What a pond needs

A pond that ducks *like* is half a metre deep, has **reeds** along one side, and some
[shade](https://example.org/{number}) at noon. Whoever digs one begins with the deepest place, and lets the water
rise over `{number}` days. The ducks come by themselves: they see it from the air, turn around twice, and land where
the wind is against them.

- reeds, which keep the wind out
- a shallow place, where the young ones can stand
- nobody who throws **bread** into it

In the evening they talk. It is not known what about, though those who sat by the water for long think that most of it
is about the others, who are not there. What is said of the pond itself is short and friendly.

```python
def depth(metres: float, day: int = {number}) -> str:
    return "deep enough" if metres >= 0.5 else f"dig on, day {{day}}"
```

| month | depth | ducks |
|-------|-------|-------|
| May   | 0.5 m | 12    |
| July  | 0.4 m | 9     |

> Still water is not silent: it waits for the next duck.

"""


async def essay(arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Say so many messages of a text that goes on like that."""
    answer = MessageAnswer(call.conversation_id)
    text = essay_of(int(arguments[0]) * PIECE)
    for start in range(0, len(text), PIECE):
        yield answer.message(text[start : start + PIECE])
        await pause(arguments)
    yield answer.end()


def essay_of(characters: int) -> str:
    """Give the beginning of a text in Markdown, exactly so long."""
    sections = 1 + characters // len(_SECTION)
    return "".join(_SECTION.format(number=number) for number in range(1, sections + 1))[:characters]


async def replaced(_arguments: list[str], call: AppCall) -> AsyncIterator[Event]:
    """Say something, which is then taken back, as moderation does."""
    answer = MessageAnswer(call.conversation_id)
    yield answer.message("said first\n\nand more of it")
    yield answer.other("message_replace", answer="said instead", reason="output_moderation")
    yield answer.end()
