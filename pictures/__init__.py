"""The pictures of the README and of docs/: pages of the workspace, as a real browser shows them."""
