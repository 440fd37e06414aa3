"""What all tests share."""

from hypothesis import settings

settings.register_profile("here", max_examples=60, deadline=None)
settings.load_profile("here")
