"""The rooms of a request: incoming, run, outgoing. No Dify, no clock, no network here; only the pump waits.

From the top down, and imports go no other way: deliveries, openapi · answer · later · carry, decide · destination ·
plan · outgoing, replies · run · incoming · senders, texts · call, errors, event, routes, wire.
"""
