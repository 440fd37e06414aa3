"""How fast the demo apps talk and work: as a language model of some size."""

import asyncio
from collections.abc import AsyncIterator

from workspace.apps.answer import words

TOKEN_S = 1 / 30
STEP_S = 0.1


async def paced(text: str) -> AsyncIterator[str]:
    """Yield a text piece by piece, with a model's pauses."""
    for piece in words(text):
        yield piece
        await asyncio.sleep(TOKEN_S)


async def step(times: float = 1) -> None:
    """Work on something for so many steps."""
    await asyncio.sleep(STEP_S * times)
