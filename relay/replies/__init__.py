"""Answers that go where the question was asked: into a chat, an issue, a ticket, by the sender's own API.

A sender that can be answered is a `Channel`, a row of `table`. `Saying` carries one answer into one channel: it is
told the text as it grows, gives the requests to send, and is told what came back. Nothing here waits or sends.
"""
