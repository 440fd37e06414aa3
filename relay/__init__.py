"""The rooms of a request: incoming, run, outgoing. No Dify, no clock, no network here; only the pump waits.

From the top down, and imports go no other way: openapi, answer · outgoing · run · incoming · senders · call, errors,
event, routes, wire.
"""
