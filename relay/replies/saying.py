"""One answer on its way into one channel."""
