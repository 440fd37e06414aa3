"""A Dify workspace on one machine: runs the plugin as Dify's daemon does and answers what it asks of Dify.

Only for development and tests, never packaged. "The daemon" in this package is Dify's plugin daemon
(github.com/langgenius/dify-plugin-daemon): the process between HTTP callers, plugins and Dify's own API.
"""
