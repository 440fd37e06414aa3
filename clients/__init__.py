"""The published clients in node, as they are, against the workspace."""
