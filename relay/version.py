"""Which version of the plugin this is."""

VERSION = "0.5.0"  # as in its manifest
