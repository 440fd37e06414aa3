"""How many examples a test makes up: so many usually, 20 times as many in `make fuzz`."""

from hypothesis import settings

USUAL = 25


def examples(count: int) -> settings:
    """Set a test's own number of examples, which grows with the profile as the usual one does."""
    return settings(max_examples=count * settings().max_examples // USUAL)
