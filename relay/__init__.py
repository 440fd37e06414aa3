"""The rooms that a request goes through: incoming, run, outgoing. No Dify, no clock, no network (only the pump waits).

From the top down, and imports go no other way: openapi, answer · outgoing · run · incoming · senders · call, errors,
event, wire.
"""
