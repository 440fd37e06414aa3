"""The request: read once, its caller let in, and mapped to what an app is asked."""
