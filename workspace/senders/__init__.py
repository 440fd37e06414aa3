"""Strict stand-ins of the senders' APIs, so that an answer can be followed to where the question was asked.

Each is served at `/senders/<name>` in the shapes of the vendor's own API, and checks what the vendor checks: tokens,
required fields, lengths by its own measure, ages of handles, whose message is edited. `post` makes a delivery as that
sender posts it. What was received, the chat as a person sees it, and faults: `workspace/senders/management.py`.
"""
