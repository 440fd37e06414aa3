"""The answer: events into a form, paced so that it survives, into the response."""
