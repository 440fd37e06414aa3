"""The rooms of a request: incoming, run, outgoing. No Dify, no clock, no network here; only the pump waits.

From the top down, and imports go no other way: deliveries, openai, service_api, openapi · client · answer · later ·
carry, decide · execution · destination, given, identity · plan · outgoing, replies · run · incoming · senders,
texts · call, errors, event, routes, wire.
"""
