"""OpenAI's API as it is written: answers, streamed and whole, and errors."""
