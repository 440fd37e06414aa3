"""Texts of an app in the words of a sender: how long they are, in pieces, in its dialect."""
