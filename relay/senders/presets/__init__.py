"""The common events of each sender."""
