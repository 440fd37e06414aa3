"""Requests to OpenAI's API, read."""
