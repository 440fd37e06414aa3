"""Dify's Service API, by an app's own key.

The client (`api`) and all below it knows neither the SDK nor gevent: in the plugin the standard library's threads and
sockets are gevent's, in the workspace they are real ones. `row` is what the relay asks for, behind its port.

From the top down: `row`, `told` · `api` · `stream` · `rounds`, `connections`, `sse` · `tap` · `deadline`,
`framing`, `kept`, `problems`, `shares`.
"""
