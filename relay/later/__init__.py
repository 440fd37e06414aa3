"""Deliveries that are acknowledged before they are answered: kept, in turn, run, sent, and shown."""
