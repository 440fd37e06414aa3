"""What an answer's text becomes in a messenger: cut to its measure, written in its dialect."""
